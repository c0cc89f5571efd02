import type { Command } from 'commander';
import { addBridgeGlimpseCommands } from '../bridge-glimpse.ts';
import { addBridgeRecordCommands } from '../bridge-record.ts';
import { addBridgeServeCommands } from '../bridge-serve.ts';
import { addBridgeSimCommand } from '../bridge-sim.ts';
import type { CliContext } from '../context.ts';

/** Adds `hutch bridge sim`, `glimpse`, `monitor`, `record`, `replay`, `recordings`, `serve-files` and `serve-run`. */
export function addBridgeCommands(program: Command, context: CliContext): void {
  const bridge = program
    .command('bridge')
    .description('Karabo bridge: simulate one, look at one, record and replay one, stream runs');
  addBridgeSimCommand(bridge, context);
  addBridgeGlimpseCommands(bridge, context);
  addBridgeRecordCommands(bridge, context);
  addBridgeServeCommands(bridge, context);
}
