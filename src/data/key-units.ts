import type { Hdf5Attribute } from '../formats/hdf5.ts';

/** Unit symbol with its prefix, '' without one. @source EuXFEL data format, attributes of a property */
export function unitSymbolOf(attributes: ReadonlyMap<string, Hdf5Attribute>): string {
  const unit = textOf(attributes.get('unitSymbol'));
  if (unit === '') return '';
  const prefix = textOf(attributes.get('metricPrefixSymbol'));
  return (prefix === 'u' ? 'μ' : prefix) + unit;
}

/** Unit name with its prefix, '' without one. */
export function unitNameOf(attributes: ReadonlyMap<string, Hdf5Attribute>): string {
  const unit = textOf(attributes.get('unitName'));
  return unit === '' ? '' : textOf(attributes.get('metricPrefixName')) + unit;
}

function textOf(attribute: Hdf5Attribute | undefined): string {
  if (typeof attribute === 'string') return attribute;
  if (typeof attribute === 'object' && attribute.dtype === 'string') return (attribute.data as string[])[0] ?? '';
  return '';
}
