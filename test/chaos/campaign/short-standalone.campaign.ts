import { describe } from '@jest/globals';
import { itKeepsTheCounters } from './short-campaign.js';

describe('A short campaign on one Redis', () =>
  itKeepsTheCounters('standalone', { seed: 2, experiments: 8 }));
