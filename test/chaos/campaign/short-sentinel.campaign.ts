import { describe } from '@jest/globals';
import { itKeepsTheCounters } from './short-campaign.js';

describe('A short campaign on a Sentinel group', () =>
  itKeepsTheCounters('sentinel', { seed: 2, experiments: 3 }));
