/** `/info/*`: what runs here, from what, since when, and under which address. */
import { json, type Route, route } from '../declare.ts';
import { serviceVersion } from '../version.ts';

const tag = 'info';

export const infoRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/info/version',
    tag,
    summary: 'Version of the service',
    answers: { 'application/json': 'Version' },
    run: () => json({ version: serviceVersion }),
  }),
  route({
    method: 'GET',
    path: '/info/health',
    tag,
    summary: 'Whether the process answers; calls nothing upstream',
    public: true,
    answers: { 'application/json': 'Health' },
    run: () => json({ status: 'ok' }),
  }),
  route({
    method: 'GET',
    path: '/info/status',
    tag,
    summary: 'Name, version, state and environment of the service',
    answers: { 'application/json': 'Status' },
    run: async call => (await import('../info/status.ts')).answerStatus(call.services),
  }),
  route({
    method: 'GET',
    path: '/info/server',
    tag,
    summary: 'Identity of this process and when it started',
    answers: { 'application/json': 'Server' },
    run: async call => (await import('../info/status.ts')).answerServer(call.services),
  }),
  route({
    method: 'GET',
    path: '/info/versions',
    tag,
    summary: 'Versions of the service, of Node and of each resolved dependency',
    answers: { 'application/json': 'Versions' },
    run: async call => (await import('../info/dependencies.ts')).answerVersions(call.services),
  }),
  route({
    method: 'GET',
    path: '/info/dependencies',
    tag,
    summary: 'Each artifact: where it came from, its digest, its packages, milliseconds per phase',
    answers: { 'application/json': 'ResolvedDependencies' },
    run: async call => (await import('../info/dependencies.ts')).answerDependencies(call.services),
  }),
  route({
    method: 'GET',
    path: '/info/ip-address',
    tag,
    summary: 'The address that the service calls from',
    upstream: true,
    answers: { 'application/json': 'IpAddress' },
    run: async call => (await import('../info/address.ts')).answerAddress(call),
  }),
  route({
    method: 'GET',
    path: '/info/ip-address-multiple-sources',
    tag,
    summary: 'The same, asked of four sources in parallel',
    upstream: true,
    answers: { 'application/json': 'IpAddresses' },
    run: async call => (await import('../info/address.ts')).answerAddresses(call),
  }),
];
