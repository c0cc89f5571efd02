import { createDataCalls } from './data-calls.ts';
import { type Channel, plainError, serveCalls } from './worker-port.ts';

// The worker of dropped files: files have a synchronous reader only here.
serveCalls(globalThis as unknown as Channel, createDataCalls(), plainError);
