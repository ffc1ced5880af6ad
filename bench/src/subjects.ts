import { fileURLToPath } from 'node:url';
import { postRequest } from './load/connection.js';

/** What the service and the embedded engines are held to. */
export const RULES_FILE = fileURLToPath(new URL('../rules.yaml', import.meta.url));

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
