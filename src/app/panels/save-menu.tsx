import { IconDownload } from '@tabler/icons-react';

interface SaveMenuProps<Format extends string> {
  /** `curve`: what is saved. */
  readonly what: string;
  readonly formats: readonly Format[];
  readonly onSave: (format: Format) => void;
  readonly testId: string;
}

/** A download button that asks for the format: the ending of the file. */
export function SaveMenu<Format extends string>({ what, formats, onSave, testId }: SaveMenuProps<Format>) {
  return (
    <label className="ib analysis-save" title={`Save the ${what}`}>
      <IconDownload size={15} stroke={1.7} aria-hidden="true" />
      <select
        aria-label={`Save the ${what} as`}
        data-testid={testId}
        value=""
        onChange={(event) => onSave(event.target.value as Format)}
      >
        <option value="" disabled>
          Save as
        </option>
        {formats.map((format) => (
          <option key={format} value={format}>
            .{format}
          </option>
        ))}
      </select>
    </label>
  );
}
