import { describe } from '@jest/globals';
import { nestInstallContract } from './nest.contract.js';

describe.each(['express', 'fastify'] as const)('on Nest 11 with %s', (platform) =>
  nestInstallContract(11, platform),
);
