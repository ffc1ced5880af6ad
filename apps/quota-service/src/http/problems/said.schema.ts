/** Beside a sentence, `member`: for programs that say it in another language. */
export function saidProperties(member: string) {
  return {
    code: {
      type: 'string',
      description: `Which sentence \`${member}\` is. It stays, and more may come. Absent where it is of no table.`,
    },
    params: {
      type: 'object',
      additionalProperties: { type: ['string', 'number', 'null'] },
      description:
        'The values in the sentence, by name. `got` is a value that does not do, as the sentence quotes it; null: there is none.',
    },
  } as const;
}
