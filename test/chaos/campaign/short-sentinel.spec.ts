import { describe } from '@jest/globals';
import { itKeepsTheBooks } from './short-campaign.js';

describe('A short campaign on a Sentinel group', () => itKeepsTheBooks('sentinel', { seed: 2, episodes: 3 }));
