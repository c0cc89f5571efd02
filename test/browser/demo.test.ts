import { existsSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM } from '../../tools/demo-browser.ts';
import { analysisCases } from './analysis-cases.ts';
import { bridgeCases, serverCases } from './bridge-cases.ts';
import { droppedCases } from './dropped-cases.ts';
import { fileCases } from './file-cases.ts';
import { geometryCases } from './geometry-cases.ts';
import { liveCases } from './live-cases.ts';
import { pictureCases } from './picture-cases.ts';
import { projectCases } from './project-cases.ts';
import { runCases } from './run-cases.ts';
import { scanCases } from './scan-cases.ts';
import { Stage } from './stage.ts';
import { workspaceCases } from './workspace-cases.ts';

describe.skipIf(!existsSync(CHROMIUM))('the demo in Chromium (needs /usr/bin/chromium)', () => {
  const stage = new Stage();
  beforeAll(() => stage.open(), 180_000);
  afterAll(() => stage.close(), 30_000);

  describe('pictures', () => pictureCases(stage));
  describe('workspace', () => workspaceCases(stage));
  describe('runs', () => runCases(stage));
  describe('geometry', () => geometryCases(stage));
  describe('analysis', () => analysisCases(stage));
  describe('scans', () => scanCases(stage));
  describe('projects', () => projectCases(stage));
  describe('dropped files', () => droppedCases(stage));
  describe('bridges', () => bridgeCases(stage));
  describe('live', () => liveCases(stage));
  it('has left the console empty, and no request failed', () => {
    expect(stage.said).toEqual([]);
  });
  describe('files', () => fileCases(stage));
  describe('server', () => serverCases(stage));
});
