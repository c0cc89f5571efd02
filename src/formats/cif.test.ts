import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isXfelError } from '../core/errors.ts';
import { cifNumber, parseCif } from './cif.ts';

const SILICON = `# a comment
data_silicon
_cell_length_a   5.4311(2)
_chemical_name_common 'a dog's life'
_title
;first line
second line
;
loop_
_atom_site_label
_atom_site_type_symbol
_atom_site_fract_x
Si1 Si 0.0
"Si 2" Si .25 # behind
_after ?
data_second
_x 1
`;

describe('parseCif', () => {
  it('reads items, loops, quotes and text fields of every block', () => {
    const [silicon, second] = parseCif(SILICON);
    expect(silicon.name).toBe('silicon');
    expect(Object.fromEntries(silicon.items)).toEqual({
      _cell_length_a: ['5.4311(2)'],
      _chemical_name_common: ["a dog's life"],
      _title: ['first line\nsecond line'],
      _atom_site_label: ['Si1', 'Si 2'],
      _atom_site_type_symbol: ['Si', 'Si'],
      _atom_site_fract_x: ['0.0', '.25'],
      _after: ['?'],
    });
    expect(second.items.get('_x')).toEqual(['1']);
  });

  it('reads numbers with uncertainties', () => {
    expect([cifNumber('5.4311(2)'), cifNumber('.25'), cifNumber('-1e-3'), cifNumber('12')]).toEqual([
      5.4311, 0.25, -1e-3, 12,
    ]);
    expect([cifNumber('?'), cifNumber('.'), cifNumber('Si'), cifNumber(undefined)]).toEqual([NaN, NaN, NaN, NaN]);
  });

  it('refuses what is none, with the line', () => {
    expect(() => parseCif('')).toThrow(/no data block/);
    expect(() => parseCif('hello world')).toThrow(/line 1: expected data_NAME/);
    expect(() => parseCif('data_x\n_a\n_b 1')).toThrow(/line 2: _a has no value/);
    expect(() => parseCif('data_x\nloop_\n_a _b\n1 2 3')).toThrow(
      /line 3: the loop has 3 values, no multiple of its 2/,
    );
    expect(() => parseCif('data_x\nloop_\n1')).toThrow(/loop_ has no columns/);
    expect(() => parseCif('data_x\n_a\n;text')).toThrow(/line 3: the text field is not closed/);
    expect(() => parseCif('data_x\nword')).toThrow(/line 2: "word" has no name before it/);
  });

  it('never fails in another way', () => {
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom('data_x', 'loop_', '_a', "'", '"', ';', '\n', ' ', '1', '#', 'b c')),
        (parts) => {
          try {
            parseCif(parts.join(''));
          } catch (error) {
            expect(isXfelError(error, 'FormatInvalid')).toBe(true);
          }
        },
      ),
    );
  });
});
