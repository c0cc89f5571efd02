/** A source's name whose end is never cut: `XMPL_EXP_MOT/MOT…/SAMPLE_X`, since the end tells the sources apart. */
export function SourceName({ name }: { readonly name: string }) {
  const at = name.lastIndexOf('/');
  if (at <= 0)
    return (
      <span className="srcname" title={name}>
        <span className="el">{name}</span>
      </span>
    );
  return (
    <span className="srcname" title={name}>
      <span className="el">{name.slice(0, Math.max(0, at))}</span>
      <span className="nw">{name.slice(Math.max(0, at))}</span>
    </span>
  );
}
