/** The request of the measurements, and the least that a JSON service behind Koa can be. */
import Koa from 'koa';

/** Nine headers, as a gateway passes them on. */
export const headers = {
  accept: '*/*',
  'accept-encoding': 'gzip, deflate',
  'cache-control': 'no-cache',
  host: 'example.org',
  'user-agent': 'PostmanRuntime/7.20.1',
  'x-amzn-trace-id': 'Root=1-ffffffff-ffffffffffffffffffffffff',
  'x-forwarded-for': '203.0.113.7',
  'x-forwarded-port': '443',
  'x-forwarded-proto': 'https',
};

export const helloBody = '{"hello":"world","n":12}';

export function oneLine(): Koa {
  return new Koa().use(context => {
    context.type = 'json';
    context.body = helloBody;
  });
}
