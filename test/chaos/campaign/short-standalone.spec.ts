import { describe } from '@jest/globals';
import { itKeepsTheBooks } from './short-campaign.js';

describe('A short campaign on one Redis', () => itKeepsTheBooks('standalone', { seed: 2, episodes: 8 }));
