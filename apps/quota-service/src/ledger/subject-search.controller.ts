import { QuotaError, said } from '@sundial/contract';
import { Controller, Get, Req } from '@nestjs/common';
import { isoText } from '@sundial/engine';
import type { SubjectWord } from '@sundial/ledger';
import type { FastifyRequest } from 'fastify';
import { Describe } from '../http/openapi/describe.js';
import { readQuery, unknownParameters } from '../http/query.js';
import { Route } from '../http/routes/route.decorator.js';
import { askLedger } from './questions/ask-ledger.js';
import { NodeLedger } from './recording/node-ledger.js';
import { SEARCH_SUBJECTS } from './sums.docs.js';

const DEFAULT_LIMIT = 20;
const MAX_WORDS = 8;
const MAX_WORD_LENGTH = 256;
const WORD = /^(?:([a-z][A-Za-z0-9_-]{0,31})=)?(.*)$/s;

/** Finds a subject of which an operator knows a part. */
@Controller('admin/subjects/search')
export class SubjectSearchController {
  constructor(private readonly node: NodeLedger) {}

  @Get()
  @Describe(SEARCH_SUBJECTS)
  @Route({ access: 'admin', role: 'viewer' })
  async search(@Req() request: FastifyRequest): Promise<unknown> {
    const { words, limit } = readSearch(request.url);
    const { answer, nodes } = await askLedger(this.node, (questions) => questions.subjects(words, { limit }));
    const subjects = answer.rows.map(({ subject, seenAt }) => ({ subject, seenAt: isoText(seenAt, 'UTC') }));
    return { subjects, nodes };
  }
}

/** @throws QuotaError `invalid-request` */
function readSearch(url: string): { readonly words: readonly SubjectWord[]; readonly limit: number } {
  const values = readQuery(url);
  const errors = unknownParameters(values.keys(), ['q', 'limit']);
  const limit = values.get('limit') ?? String(DEFAULT_LIMIT);
  if (!/^([1-9]\d?|100)$/.test(limit))
    errors.push({ path: 'limit', ...said('whole-number', { from: 1, to: 100 }) });
  const texts = (values.get('q') ?? '').split(/\s+/).filter(Boolean);
  if (texts.length > MAX_WORDS || texts.some((text) => text.length > MAX_WORD_LENGTH + 33))
    errors.push({ path: 'q', ...said('search-words', { to: MAX_WORDS, length: MAX_WORD_LENGTH }) });
  if (errors.length > 0) throw QuotaError.invalid('invalid-request', errors);
  return { words: texts.map(wordOf), limit: Number(limit) };
}

function wordOf(text: string): SubjectWord {
  const [, name, value = ''] = WORD.exec(text)!;
  return { value, ...(name !== undefined && { name }) };
}
