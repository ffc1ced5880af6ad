import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import { chooseLanguage } from '../text/i18n.ts';
import { chosenTheme, chooseTheme, THEMES, type Theme } from './theme.ts';

const LOOK = 'rounded border border-line bg-card px-2 py-1 text-sm text-ink';

/** Language and theme. */
export function Switches() {
  const { t, i18n } = useTranslation();
  const [theme, setTheme] = useState(chosenTheme);
  return (
    <div className="flex gap-2">
      <select
        aria-label={t('language')}
        className={LOOK}
        value={i18n.language}
        onChange={(event) => chooseLanguage(event.target.value as 'en' | 'zh')}
      >
        <option value="en">English</option>
        <option value="zh">中文</option>
      </select>
      <select
        aria-label={t('theme')}
        className={LOOK}
        value={theme}
        onChange={(event) => {
          setTheme(event.target.value as Theme);
          chooseTheme(event.target.value as Theme);
        }}
      >
        {THEMES.map((one) => (
          <option key={one} value={one}>
            {t(`theme_${one}`)}
          </option>
        ))}
      </select>
    </div>
  );
}
