/**
 * The JavaScript stand-in for aws-lambda-ric's native client: the same three calls over the same HTTP Runtime API.
 *
 * A socket and twenty lines of HTTP instead of `node:http`: the native client costs JavaScript nothing, so
 * whatever this file loads or warms would make a cold start look different from the one on Lambda.
 * https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html
 */
'use strict';
const { readFileSync } = require('node:fs');
const { connect } = require('node:net');

const api = '/2018-06-01/runtime/invocation';
let address = process.env.AWS_LAMBDA_RUNTIME_API;
let socket;
let answered = Promise.resolve();

/** Kept for the client's older versions, which name the server here. */
exports.initializeClient = hostAndPort => {
  address = hostAndPort;
};

/** Waits for the next event: `{bodyJson, headers}`. The answer to the event before is delivered first. */
exports.next = async () => {
  await answered;
  const { headers, body } = await exchange('GET', `${api}/next`, { 'local-aws-peak-kib': peakKib() }, '');
  return { bodyJson: body.toString(), headers };
};

/** Answers an event. Returns at once; `next` waits for the delivery. */
exports.done = (id, body) => {
  answered = exchange('POST', `${api}/${id}/response`, { 'content-type': 'application/json' }, body);
};

/** Reports that the handler threw. */
exports.error = (id, body, xray) => {
  const type = errorType(body);
  answered = exchange(
    'POST',
    `${api}/${id}/error`,
    {
      'content-type': 'application/json',
      'lambda-runtime-function-error-type': type,
      'lambda-runtime-function-xray-error-cause': Buffer.from(xray).toString('base64'),
    },
    body,
  );
};

function errorType(body) {
  const type = JSON.parse(body).errorType;
  return typeof type === 'string' && /^[\w.]{1,200}$/.test(type) ? type : 'InvocationError';
}

/** Peak resident memory in KiB; 0 where /proc does not tell. */
function peakKib() {
  try {
    return Number(/VmHWM:\s+(\d+)/.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** One request over the kept connection. The server always states Content-Length. */
function exchange(method, path, headers, body) {
  socket ??= connect(Number(address.split(':')[1]), address.split(':')[0]).setNoDelay(true);
  const bytes = Buffer.from(body);
  const lines = Object.entries({ ...headers, host: address, 'content-length': bytes.length });
  socket.write(`${method} ${path} HTTP/1.1\r\n${lines.map(([k, v]) => `${k}: ${v}\r\n`).join('')}\r\n`);
  socket.write(bytes);
  return new Promise((resolve, reject) => {
    let received = Buffer.alloc(0);
    const settle = act => {
      socket.off('data', read).off('error', fail).off('close', fail);
      act();
    };
    const fail = cause =>
      settle(() =>
        reject(cause instanceof Error ? cause : new Error('the Runtime API closed the connection')),
      );
    const read = chunk => {
      received = Buffer.concat([received, chunk]);
      const end = received.indexOf('\r\n\r\n');
      if (end < 0) return;
      const answer = parseHead(received.toString('latin1', 0, end));
      const size = end + 4 + Number(answer['content-length'] ?? 0);
      if (received.length < size) return;
      settle(() => resolve({ headers: answer, body: received.subarray(end + 4, size) }));
    };
    socket.on('data', read).on('error', fail).on('close', fail);
  });
}

function parseHead(head) {
  return Object.fromEntries(
    head
      .split('\r\n')
      .slice(1)
      .map(line => [
        line.slice(0, line.indexOf(':')).toLowerCase(),
        line.slice(line.indexOf(':') + 1).trim(),
      ]),
  );
}
