import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutSourceName, joinSimilarNames } from './similar-names.ts';

describe('cutting names', () => {
  it.each([
    ['SPB_IRU_INLINEMIC/MOTOR/MIC_AX', ['', 'SPB', '_', 'IRU', '_', 'INLINEMIC', '/MOTOR/', 'MIC', '_', 'AX', '']],
    [
      'SA1_XTD9_HIREX/DET/GOTTHARD2_MASTER:daqOutput',
      '|SA||1|_|XTD||9|_|HIREX|/DET/|GOTTHARD||2|_|MASTER|:|daqOutput|'.split('|'),
    ],
    ['SQS_RACK_MPOD-1/MDL/MPOD_MAPPER', '|SQS|_|RACK|_|MPOD|-|1|/MDL/|MPOD|_|MAPPER|'.split('|')],
    ['LAS_PPL_SA3XT/MOTOR/SMARACTCMCOMPSTAGE', '|LAS|_|PPL|_|SA||3||XT|/MOTOR/SMARACTCMCOMPSTAGE'.split('|')],
    ['FXE_OGT2_BIU-2/CAM/CAMERA', '|FXE|_|OGT||2|_|BIU|-|2|/CAM/CAMERA'.split('|')],
  ])('%s', (name, pieces) => {
    expect(cutSourceName(name)).toEqual(pieces);
  });

  it('loses nothing, and always ends with a fixed piece', () => {
    const names = fc.stringMatching(/^[A-Z0-9_]{1,8}\/[A-Z0-9]{1,6}\/[A-Z0-9_-]{1,8}(:[a-z0-9_.]{1,8})?$/);
    fc.assert(
      fc.property(names, (name) => {
        const pieces = cutSourceName(name);
        expect(pieces.join('')).toBe(name);
        expect(pieces.length % 2).toBe(1);
      }),
    );
  });
});

describe('joining names', () => {
  const joined = (...names: string[]) => joinSimilarNames(names).map(({ text }) => text);

  it.each([
    ['MIC_{AX, AY, X, Y, Z}', ['MIC_AX', 'MIC_AY', 'MIC_X', 'MIC_Y', 'MIC_Z'], 'SPB_IRU_INLINEMIC/MOTOR/'],
    ['RACK_MPOD-{1-2}/MDL/MPOD_MAPPER', ['RACK_MPOD-1/MDL/MPOD_MAPPER', 'RACK_MPOD-2/MDL/MPOD_MAPPER'], 'SQS_'],
    ['BAM_1932{M, S}:output', ['BAM_1932M:output', 'BAM_1932S:output'], 'FXE_AUXT_LIC/DOOCS/'],
    ['{X, Y, Z}', ['X', 'Y', 'Z'], 'FXE_DET_MOV/MOTOR/'],
    ['UM{01-03, 08}', ['UM01', 'UM02', 'UM03', 'UM08'], 'FXE_SMS_USR/MOTOR/'],
    ['1:channel_{5, 7}.output', ['1:channel_5.output', '1:channel_7.output'], 'SPB_XTD9_MCP/ADC/'],
  ])('%s', (text, names, prefix) => {
    expect(joined(...names.map((name) => prefix + name))).toEqual([prefix + text]);
  });

  it('keeps whole words, different devices, and names that differ twice apart', () => {
    for (const pair of [
      ['LAS_PPL_SA3XT/MOTOR/SMARACTCMCOMPSTAGE', 'LAS_PPL_SA3XT/MOTOR/SMARACTDMCOMPSTAGE'],
      ['FXE_OGT2_BIU-2/CAM/CAMERA', 'FXE_OGT2_BIU-2/IMGPROC/CAMERA'],
      ['SA1_XTD2_XGM/DOOCS/MAIN:output', 'SPB_XTD9_XGM/DOOCS/MAIN:output'],
    ])
      expect(joined(...pair)).toEqual(pair);
  });

  it('starts anew where another piece varies, and leaves chosen names alone', () => {
    expect(joined('A/M/X1_1', 'A/M/X1_2', 'A/M/X2_2')).toEqual(['A/M/X1_{1-2}', 'A/M/X2_2']);
    const names = ['A/M/1', 'A/M/2', 'A/M/3', 'A/M/4'];
    expect(joinSimilarNames(names, (name) => name === 'A/M/2')).toEqual([
      { names: ['A/M/1'], text: 'A/M/1' },
      { names: ['A/M/2'], text: 'A/M/2' },
      { names: ['A/M/3', 'A/M/4'], text: 'A/M/{3-4}' },
    ]);
    expect(joined()).toEqual([]);
  });

  it('loses no name', () => {
    const names = fc.array(fc.stringMatching(/^[AB][12]\/M\/[XY][12]{1,2}$/), { maxLength: 12 });
    fc.assert(
      fc.property(names, (list) => {
        const sorted = [...new Set(list)].sort();
        expect(joinSimilarNames(sorted).flatMap((group) => group.names)).toEqual(sorted);
      }),
    );
  });
});
