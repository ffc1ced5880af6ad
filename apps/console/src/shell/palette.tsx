import { Dialog } from '@base-ui/react/dialog';
import { useNavigate } from '@tanstack/react-router';
import { Command } from 'cmdk';
import { Search } from 'lucide-react';
import { useEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useRead } from '../api/queries.ts';
import type { Schemas } from '../api/types.ts';
import { useFoundSubjects } from '../api/found-subjects.ts';
import { Button } from '../ui/basics.tsx';
import { subjectText } from '../ui/subject-text.ts';
import { content } from './focus.ts';
import { PAGES } from './layout.tsx';

const ITEM = 'cursor-pointer rounded px-2 py-1.5 text-sm data-[selected=true]:bg-page';

/** Goes to a page, a rule or a subject: ⌘K, Ctrl-K, or / outside of a field. */
export function Palette() {
  const { t } = useTranslation();
  const navigate = useNavigate();
  const [isOpen, setOpen] = useState(false);
  const [text, setText] = useState('');
  const hasGone = useRef(false);
  const cameFrom = useRef<HTMLElement>(null);
  const change = (toOpen: boolean) => {
    if (toOpen && !isOpen) {
      hasGone.current = false;
      cameFrom.current = document.activeElement as HTMLElement;
    }
    setOpen(toOpen);
  };
  useShortcut(() => change(true));
  const query = { limit: '20', idPrefix: text };
  const { data } = useRead<Schemas['RuleList']>('/admin/rules', { query, isOn: isOpen });
  const subjects = useFoundSubjects(text, isOpen && text.trim() !== '').data?.subjects ?? [];
  const go = (to: string) => {
    hasGone.current = true;
    setOpen(false);
    setText('');
    void navigate({ to });
  };
  return (
    <Dialog.Root open={isOpen} onOpenChange={change}>
      <Dialog.Trigger render={<Button />}>
        <Search size={14} aria-hidden />
        {t('search')} <kbd className="text-xs text-quiet">/</kbd>
      </Dialog.Trigger>
      <Dialog.Portal>
        <Dialog.Backdrop className="fixed inset-0 bg-black/50" />
        <Dialog.Popup
          finalFocus={() => {
            // An element that Tab passes by, such as the content, is focused by nothing else.
            (hasGone.current ? content() : cameFrom.current)?.focus();
            return false;
          }}
          className="fixed top-[15vh] left-1/2 w-[min(92vw,36rem)] -translate-x-1/2 rounded-lg border border-line bg-card p-3 text-ink"
        >
          <Dialog.Title className="sr-only">{t('search')}</Dialog.Title>
          <Command label={t('search')} loop>
            <Command.Input
              className="mb-2 w-full rounded border border-line bg-card px-2 py-1.5"
              placeholder={t('searchHint')}
              value={text}
              onValueChange={setText}
              autoFocus
            />
            <Command.List className="max-h-80 overflow-y-auto" label={t('found')}>
              <Command.Empty className="p-2 text-sm text-quiet">{t('nothingFound')}</Command.Empty>
              {text.includes('=') &&
                !subjects.some(({ subject }) => subjectText(subject) === text.trim()) && (
                  <Command.Item className={ITEM} value={text} onSelect={() => go(`/subject?${text}`)}>
                    {t('subject')}: {text}
                  </Command.Item>
                )}
              {PAGES.map(({ to, name }) => (
                <Command.Item key={to} className={ITEM} value={t(name)} onSelect={() => go(to)}>
                  {t(name)}
                </Command.Item>
              ))}
              {subjects.map(({ subject }) => (
                <Command.Item
                  key={subjectText(subject)}
                  className={ITEM}
                  value={subjectText(subject)}
                  keywords={[text]}
                  onSelect={() => go(`/subject?${new URLSearchParams(subject)}`)}
                >
                  {t('subject')}: {subjectText(subject)}
                </Command.Item>
              ))}
              {data?.rules.map(({ id }) => (
                <Command.Item key={id} className={ITEM} value={id} onSelect={() => go(`/rules/${id}`)}>
                  {t('rule')}: {id}
                </Command.Item>
              ))}
            </Command.List>
          </Command>
        </Dialog.Popup>
      </Dialog.Portal>
    </Dialog.Root>
  );
}

function useShortcut(open: () => void): void {
  useEffect(() => {
    const listen = (event: KeyboardEvent) => {
      const isField = /^(input|textarea|select)$/i.test((event.target as HTMLElement).tagName);
      const isSlash = event.key === '/' && !isField;
      const isCommand = event.key === 'k' && (event.metaKey || event.ctrlKey);
      if (!isSlash && !isCommand) return;
      event.preventDefault();
      open();
    };
    addEventListener('keydown', listen);
    return () => removeEventListener('keydown', listen);
  });
}
