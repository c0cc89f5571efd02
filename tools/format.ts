// npm run format: formats the sources and mends what lint can mend.
import { runBin } from './process.ts';

process.exit(runBin('@biomejs/biome/bin/biome', ['check', '--write', '.']));
