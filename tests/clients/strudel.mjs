// Evaluates a text as Strudel's editor does: strudel.mjs FOLDER SECONDS [URL] < CODE
// FOLDER has Strudel's packages; the script itself is read beside the clients.  Without a URL it is not
// read, and Strudel's own bridge runs instead.
import { readFileSync } from 'node:fs';
import { createRequire, register } from 'node:module';
import { pathToFileURL } from 'node:url';

// What bundlers read of a package, its `module`, Node does not: one of Strudel's packages has no other.
const hook = `export const resolve = async (name, context, next) => {
  const found = await next(name, context);
  return name.startsWith('@kabelsalat/') ? { ...found, url: found.url.replace(/index\\.js$/, 'index.mjs') } : found;
};`;
register('data:text/javascript,' + encodeURIComponent(hook));

const [folder, seconds, url] = process.argv.slice(2);
const find = createRequire(pathToFileURL(folder + '/'));
const load = (name) => import(pathToFileURL(find.resolve(name)));
const core = await load('@strudel/core');
const { transpiler } = await load('@strudel/transpiler');
await core.evalScope(core, load('@strudel/mini'));
if (!url) {
  const bridge = (name) => import(pathToFileURL(`${folder}/node_modules/@strudel/osc/${name}`));
  await bridge('server.js');
  await core.evalScope(bridge('osc.mjs'));
}
const getTime = () => performance.now() / 1000;
const { evaluate, stop } = core.repl({ defaultOutput: () => console.log('SOUNDED ELSEWHERE'), getTime, transpiler });
if (url) {
  const script = readFileSync(new URL('../../clients/strudel/idiolect.js', import.meta.url), 'utf8');
  await evaluate(script + `\nidiolect('${url}', 0.2)\nsilence`);
  while (idiolect().socket.readyState !== 1) await new Promise((go) => setTimeout(go, 20));
  const daemon = idiolect();
  const { sendAt } = daemon;
  daemon.sendAt = (when, ...messages) => {
    console.log('AT ' + JSON.stringify([when, ...messages]));
    sendAt(when, ...messages);
  };
}
await evaluate(readFileSync(0, 'utf8'));
await new Promise((go) => setTimeout(go, 1000 * seconds));
stop();
console.log('STRUDEL', process.version);
process.exit();
