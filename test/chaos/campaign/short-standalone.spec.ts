import { describe } from '@jest/globals';
import { runs } from '../../support/runs.js';
import { itKeepsTheCounters } from './short-campaign.js';

describe('A short campaign on one Redis', () =>
  itKeepsTheCounters('standalone', { seed: 2, experiments: runs({ inTest: 4, inCampaign: 8 }) }));
