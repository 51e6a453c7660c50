// Times an ONNX file through the npm package onnxruntime-node, on one thread, in rounds that the
// caller starts.
//
//   node peer_onnxruntime.js MODEL.onnx INPUTS COLD(0|1)
//
// INPUTS is JSON: [[name, type, shape]…]. Writes "ready MS" (process start to first result), then
// for every line of stdin, a number of seconds, the median time of a run in µs. The binding below the
// promises is called: what remains of JavaScript is a few µs, which the caller measures with a
// network that does nothing.
const started = Date.now() - process.uptime() * 1000;
const readline = require('readline');
const path = require('path');

const root = process.env.ONNXRUNTIME_NODE || path.dirname(require.resolve('onnxruntime-node/package.json'));
const { binding } = require(path.join(root, 'dist', 'binding.js'));
const { Tensor } = require(require.resolve('onnxruntime-common', { paths: [root] }));

const [file, inputs, cold] = process.argv.slice(2);
const junk = new Uint8Array(8 << 20); // larger than any L2

function feed(type, shape) {
  const count = shape.reduce((a, b) => a * b, 1);
  if (type === 'i64') return new Tensor('int64', new BigInt64Array(count).fill(1n), shape);
  return new Tensor('float32', Float32Array.from({ length: count }, () => Math.random() * 2 - 1), shape);
}

const session = new binding.InferenceSession();
session.loadModel(file, {
  intraOpNumThreads: 1, interOpNumThreads: 1, executionMode: 'sequential', graphOptimizationLevel: 'all',
});
const feeds = {};
for (const [name, type, shape] of JSON.parse(inputs)) feeds[name] = feed(type, shape);
const fetches = Object.fromEntries(session.outputNames.map((name) => [name, null]));
const run = () => session.run(feeds, fetches, {});
run();
console.log(`ready ${(Date.now() - started).toFixed(1)}`);

readline.createInterface({ input: process.stdin }).on('line', (seconds) => {
  const end = process.hrtime.bigint() + BigInt(Math.round(Number(seconds) * 1e9));
  const times = [];
  for (let i = 0; i < 3; ++i) run();
  do {
    if (cold === '1') for (let i = 0; i < junk.length; i += 64) ++junk[i];
    const start = process.hrtime.bigint();
    run();
    times.push(Number(process.hrtime.bigint() - start) / 1000);
  } while (process.hrtime.bigint() < end);
  times.sort((a, b) => a - b);
  console.log(times[times.length >> 1].toFixed(3));
});
