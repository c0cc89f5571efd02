import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { compileTableCode, TABLE_CODE } from '../tools/build-table-code.ts';

it('the kernels kept as text are those of their source: else run node tools/build-table-code.ts', async () => {
  expect(readFileSync(TABLE_CODE, 'utf8') === (await compileTableCode())).toBe(true);
}, 60_000);
