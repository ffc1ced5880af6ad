import { ROLES } from '../../config/key.js';

export const roleSchema = {
  title: 'Role',
  type: 'string',
  enum: ROLES,
  description: 'What the holder of an admin key may do; each role also what the ones before it may.',
} as const;
