import { useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { parse, stringify } from 'yaml';
import type { Rule } from '../../api/types.ts';
import { Card, Select } from '../../ui/basics.tsx';

type Language = 'yaml' | 'json';

interface RuleTextProps {
  readonly rule: Rule;
  readonly onChange: (rule: Rule) => void;
  readonly onValid: (isValid: boolean) => void;
}

export function textOf(rule: Rule, language: Language = 'yaml'): string {
  return language === 'yaml' ? stringify(rule) : `${JSON.stringify(rule, undefined, 2)}\n`;
}

/** The whole rule as text. What is typed is the draft as soon as it can be read. */
export function RuleText({ rule, onChange, onValid }: RuleTextProps) {
  const { t } = useTranslation();
  const [language, setLanguage] = useState<Language>('yaml');
  const [typed, setTyped] = useState<{ readonly text: string; readonly means: string }>();
  const [error, setError] = useState('');
  const isTyped = typed !== undefined && (error !== '' || typed.means === JSON.stringify(rule));
  useEffect(() => onValid(error === ''), [error, onValid]);
  const type = (text: string) => {
    const read = readRule(text);
    setError(read.error ?? '');
    setTyped({ text, means: JSON.stringify(read.rule) });
    if (read.rule) onChange(read.rule);
  };
  return (
    <Card title={t('text')}>
      <div className="mb-2 max-w-40">
        <Select
          label={t('format')}
          choices={[
            { value: 'yaml', label: 'YAML' },
            { value: 'json', label: 'JSON' },
          ]}
          value={language}
          onChange={(event) => {
            setTyped(undefined);
            setError('');
            setLanguage(event.target.value as Language);
          }}
        />
      </div>
      <textarea
        aria-label={t('text')}
        aria-invalid={error !== ''}
        spellCheck={false}
        rows={14}
        className="w-full rounded border border-line bg-page p-2 font-mono text-sm"
        value={isTyped ? typed.text : textOf(rule, language)}
        onChange={(event) => type(event.target.value)}
      />
      {error && (
        <p role="alert" className="mt-1 text-sm text-bad">
          {error}
        </p>
      )}
    </Card>
  );
}

function readRule(text: string): { readonly rule?: Rule; readonly error?: string } {
  try {
    const rule = parse(text) as Rule;
    const isRule =
      typeof rule === 'object' && rule !== null && Array.isArray(rule.limits) && Array.isArray(rule.per);
    return isRule ? { rule } : { error: 'id, resource, per: [], limits: [] …' };
  } catch (error) {
    return { error: (error as Error).message };
  }
}
