import { describe } from '@jest/globals';
import { nestInstallContract } from './nest.contract.js';

describe.each(['express', 'fastify'] as const)('on Nest 12 with %s', (platform) =>
  nestInstallContract(12, platform),
);
