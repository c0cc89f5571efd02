// Loaded with --import: writes the name of every module that is loaded to standard error.
import { writeSync } from 'node:fs';
import { registerHooks } from 'node:module';

registerHooks({
  load(url, context, next) {
    writeSync(2, `LOADED ${url}\n`);
    return next(url, context);
  },
});
