import { describe } from '@jest/globals';
import { itKeepsTheCounters } from './short-campaign.js';

describe('A short campaign on a Cluster', () => itKeepsTheCounters('cluster', { seed: 2, experiments: 4 }));
