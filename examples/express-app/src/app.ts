import type { Quota } from '@sundial/client';
import express, { type Express, type RequestHandler } from 'express';
import { limit } from './limit.js';

/** A fake translation service. `quota` asks Sundial: a `QuotaClient`, or in tests whatever decides as one. */
export function createApp(quota: Quota): Express {
  const app = express();
  const perUser = limit(quota, {
    resource: 'translation',
    subject: (request) => ({ user: request.get('x-user') ?? '' }),
  });
  app.use(express.json());
  app.post('/translations', signedIn, perUser, (request, response) => {
    const { text } = request.body as { readonly text: string };
    response.status(201).json({ text, translated: [...text].reverse().join('') });
  });
  return app;
}

/** What Sundial never sees is not counted. */
const signedIn: RequestHandler = (request, response, next) => {
  if (request.get('x-user')) next();
  else response.status(401).json({ error: 'Say who you are in the header x-user.' });
};
