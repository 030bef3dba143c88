// Runs in a child process: imports the packaged handler as Lambda's runtime would, then does what its argument says.
// argv: the package's index.mjs, a JSON list of steps. Writes the outcomes as one JSON document to file descriptor 3.
import { mkdirSync, renameSync, writeFileSync, writeSync } from 'node:fs';

const [, , index, steps] = process.argv;
const { handler, stream } = await import(index);
const context = { awsRequestId: 'f0e1d2c3', getRemainingTimeInMillis: () => 30_000 };
const outcomes = [{ parameters: handler.length, stream: typeof stream }];
let ahead = 0;
const { hrtime } = process;
process.hrtime = () => {
  const [seconds, nanoseconds] = hrtime();
  return [seconds + ahead / 1000, nanoseconds];
};

for (const step of JSON.parse(steps)) {
  if (step.pass) ahead += step.pass;
  else if (step.rename) renameSync(...step.rename);
  else if (step.folder) mkdirSync(step.folder, { recursive: true });
  else if (step.file) writeFileSync(...step.file);
  else if (step.all) outcomes.push(await Promise.all(step.all.map(invoke)));
  else outcomes.push(await invoke(step.event));
}
writeSync(3, JSON.stringify(outcomes));

async function invoke(event) {
  try {
    return await handler(event, context);
  } catch (error) {
    return { thrown: error.code ?? error.name };
  }
}
