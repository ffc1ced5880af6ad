import { useTranslation } from 'react-i18next';
import { PageTitle } from '../ui/basics.tsx';
import { Brakes } from './controls/brakes.tsx';
import { DrillRun } from './controls/drill-run.tsx';
import { Drills } from './controls/drills.tsx';
import { Gates } from './controls/gates.tsx';

/** What operators set without a rule: gates, brakes and drills, each with its end and its reason. */
export function Page() {
  const { t } = useTranslation();
  return (
    <>
      <PageTitle>{t('controls')}</PageTitle>
      <Gates />
      <Brakes />
      <Drills />
      <DrillRun />
    </>
  );
}
