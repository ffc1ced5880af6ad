import { fileURLToPath } from 'node:url';
import { postRequest } from '../../../test/support/http-connection.js';

/** What the service and the embedded engines are held to. */
export const RULES_FILE = fileURLToPath(new URL('../../rules.yaml', import.meta.url));

/** So many users take turns wherever speed is measured. */
const USERS = 10_000;

/** Allows whatever is asked. */
export const PLENTY = 1_000_000_000;

export function userAt(index: number): string {
  return nameOf(index % USERS);
}

/** The name of a user, one of a million. */
export function nameOf(index: number): string {
  return `u${String(index).padStart(6, '0')}`;
}

/** One `POST /check` of each user. */
export function checkRequests(resource: 'ocr' | 'calm' | 'scarce', users = USERS): Buffer[] {
  return Array.from({ length: users }, (_, index) =>
    postRequest('/check', { resource, subject: { user: nameOf(index) } }),
  );
}

/** One `POST /reservations` of each user. */
export function reserveRequests(): Buffer[] {
  return Array.from({ length: USERS }, (_, index) =>
    postRequest('/reservations', { resource: 'ocr', subject: { user: nameOf(index) } }),
  );
}

/** Of a great many, where it matters that they are many. */
export function manyUserAt(index: number): string {
  return `u${String(index).padStart(7, '0')}`;
}

/** So many requests at most: each is an object of the generator, which must not be what is slow. */
const MANY_REQUESTS = 200_000;

/** `POST /check` of users from all over so many. */
export function manyCheckRequests(subjects: number): Buffer[] {
  const step = Math.max(1, Math.floor(subjects / MANY_REQUESTS));
  return Array.from({ length: Math.ceil(subjects / step) }, (_, index) =>
    postRequest('/check', { resource: 'ocr', subject: { user: manyUserAt(index * step) } }),
  );
}
