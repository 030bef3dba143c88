/** The service keeps nothing of a request that is over. */
import test from 'ava';
import { createApp } from '../../src/app.ts';
import { eventOf } from '../handler/edge/events.ts';
import { bytesLeftBehind } from '../handler/edge/left-behind.ts';
import { createTestEdge } from '../handler/edge/support.ts';
import { key, withKey } from './helpers/serve.ts';

test('a request to the service leaves nothing behind for a full collection', async t => {
  const edge = await createTestEdge(createApp({ environment: withKey, write: () => {} }));
  const event = () => eventOf('http-v2', { path: '/info/version', headers: { 'x-api-key': key } });
  const bytes = await bytesLeftBehind(edge, event);
  t.true(bytes < 1000, `${Math.round(bytes)} bytes`);
});
