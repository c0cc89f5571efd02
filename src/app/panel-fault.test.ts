import { createElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { describe, expect, it } from 'vitest';
import { PanelFault } from './panel-fault.tsx';

const words = (isSilent: boolean, fault: unknown) => {
  const panel = new PanelFault({ title: 'I(q)', isSilent, children: createElement('p', null, 'a curve') });
  if (fault !== undefined) panel.state = PanelFault.getDerivedStateFromError(fault);
  return renderToStaticMarkup(panel.render());
};

describe('a panel that cannot be drawn', () => {
  it('is drawn while nothing is wrong', () => {
    expect(words(false, undefined)).toBe('<p>a curve</p>');
  });

  it('says which panel it is and why, and offers to draw it again', () => {
    const html = words(false, new RangeError('Invalid array length'));
    expect(html).toContain('I(q) cannot be drawn');
    expect(html).toContain('Invalid array length');
    expect(html).toContain('Draw again');
    expect(html).not.toContain('a curve');
    expect(words(false, 'no error object')).toContain('no error object');
  });

  it('says nothing where the panel itself does', () => {
    expect(words(true, new Error('x'))).toBe('');
  });
});
