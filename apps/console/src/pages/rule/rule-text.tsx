import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { parse, stringify } from 'yaml';
import type { Rule } from '../../api/types.ts';
import { Card, Select } from '../../ui/basics.tsx';
import { useKept, type Kept } from '../../ui/kept.ts';

type Language = 'yaml' | 'json';

/** Text that is no rule yet, kept until it is one or is discarded. */
interface Unreadable {
  readonly language: Language;
  readonly text: string;
}

type KeptText = Kept<Unreadable | null>;

export function useUnreadable(id: string): KeptText {
  return useKept<Unreadable | null>(`rule-text ${id}`, null);
}

interface RuleTextProps {
  readonly rule: Rule;
  readonly unreadable: KeptText;
  readonly onChange: (rule: Rule) => void;
}

export function textOf(rule: Rule, language: Language = 'yaml'): string {
  return language === 'yaml' ? stringify(rule) : `${JSON.stringify(rule, undefined, 2)}\n`;
}

/** The whole rule as text. What is typed is the draft as soon as it can be read. */
export function RuleText({ rule, unreadable, onChange }: RuleTextProps) {
  const { t } = useTranslation();
  const kept = unreadable.value;
  const [language, setLanguage] = useState<Language>(kept?.language ?? 'yaml');
  const [typed, setTyped] = useState<{ readonly text: string; readonly means: string }>();
  const readable = typed?.means === JSON.stringify(rule) ? typed.text : textOf(rule, language);
  const error = kept && readRule(kept.text).error;
  const type = (text: string) => {
    const read = readRule(text);
    if (read.rule === undefined) return unreadable.set({ language, text });
    unreadable.discard();
    setTyped({ text, means: JSON.stringify(read.rule) });
    onChange(read.rule);
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
          disabled={kept !== null}
          onChange={(event) => {
            setTyped(undefined);
            setLanguage(event.target.value as Language);
          }}
        />
      </div>
      <textarea
        aria-label={t('text')}
        aria-invalid={kept !== null}
        spellCheck={false}
        rows={20}
        className="w-full rounded border border-line bg-page p-2 font-mono text-sm"
        value={kept?.text ?? readable}
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
