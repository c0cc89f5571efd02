import { createAnalysisCalls } from './analysis/analysis-calls.ts';
import { type Channel, plainError, serveCalls } from './worker-port.ts';

// Integration and refinement take too long for the thread that draws.
serveCalls(globalThis as unknown as Channel, createAnalysisCalls(), plainError);
