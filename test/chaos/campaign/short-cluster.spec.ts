import { describe } from '@jest/globals';
import { itKeepsTheBooks } from './short-campaign.js';

describe('A short campaign on a Cluster', () => itKeepsTheBooks('cluster', { seed: 2, episodes: 4 }));
