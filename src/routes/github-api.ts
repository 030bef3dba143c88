/** `/github-api/*`: what GitHub says of a repository, and the files in it. */
import { type Route, route } from '../declare.ts';
import { filterFields, pageFields, refField, repositoryFields } from './parameters.ts';

const tag = 'github-api';
const resource = { 'application/json': 'Resource' } as const;

export const gitHubApiRoutes: readonly Route[] = [
  route({
    method: 'GET',
    path: '/github-api/apis-available',
    tag,
    summary: "The resources of GitHub's API",
    upstream: true,
    answers: resource,
    run: async call => (await import('../github-api/resources.ts')).answerRoot(call),
  }),
  route({
    method: 'GET',
    path: '/github-api/rate-limit',
    tag,
    summary: "How many requests GitHub's rate limit still allows",
    upstream: true,
    answers: resource,
    run: async call => (await import('../github-api/resources.ts')).answerRateLimit(call),
  }),
  route({
    method: 'GET',
    path: '/github-api/repository',
    tag,
    summary: 'A repository',
    upstream: true,
    query: repositoryFields,
    answers: resource,
    errors: [404],
    run: async call => (await import('../github-api/resources.ts')).answerRepository(call),
  }),
  route({
    method: 'GET',
    path: '/github-api/repository-commits',
    tag,
    summary: 'Commits of a repository, a page at a time',
    upstream: true,
    query: { ...repositoryFields, ...pageFields },
    answers: resource,
    errors: [404],
    run: async call => (await import('../github-api/resources.ts')).answerPage(call, 'commits'),
  }),
  route({
    method: 'GET',
    path: '/github-api/repository-issues',
    tag,
    summary: 'Issues of a repository, a page at a time',
    upstream: true,
    query: { ...repositoryFields, ...pageFields },
    answers: resource,
    errors: [404],
    run: async call => (await import('../github-api/resources.ts')).answerPage(call, 'issues'),
  }),
  route({
    method: 'GET',
    path: '/github-api/repository-files-names',
    tag,
    summary: 'Paths of all files at a ref, sorted',
    upstream: true,
    query: { ...repositoryFields, ...refField },
    answers: { 'application/json': 'Paths' },
    errors: [404, 413],
    run: async call => (await import('../github-api/files.ts')).answerNames(call),
  }),
  route({
    method: 'GET',
    path: '/github-api/repository-text-files',
    tag,
    summary: 'Text files at a ref whose paths pass the filters',
    upstream: true,
    query: { ...repositoryFields, ...refField, ...filterFields('') },
    answers: { 'application/json': 'Texts' },
    errors: [404, 413],
    run: async call => (await import('../github-api/files.ts')).answerTexts(call),
  }),
];
