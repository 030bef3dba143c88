/** Every route of the service. */
import type { Route } from '../declare.ts';
import { authRoutes } from './auth.ts';
import { infoRoutes } from './info.ts';

export const routes: readonly Route[] = [...infoRoutes, ...authRoutes];
