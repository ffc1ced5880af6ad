import { assembledLinesOf } from './lua-source.mjs';

// Prints a Redis script as Redis gets it, for redis-cli: `redis-cli --eval <(node scripts/print-lua.mjs take) …`.
const [name] = process.argv.slice(2);
if (name === undefined)
  throw new Error('Name a script of lua/, for example: node scripts/print-lua.mjs take');
for (const { text } of assembledLinesOf(`lua/${name}.lua`)) process.stdout.write(`${text}\n`);
