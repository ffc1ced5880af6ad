import { useTranslation } from 'react-i18next';
import type { Schemas } from '../../../api/types.ts';
import { ParsedField } from '../../../ui/parsed-field.tsx';
import { TextAt, useErrorAt, withField } from './rule-fields.tsx';

type Flow = Schemas['OnDeny'];

interface FlowFieldsProps {
  readonly path: string;
  readonly title: string;
  readonly flow: Flow | undefined;
  readonly onChange: (flow: Flow | undefined) => void;
}

/** The business flow that a refusal or a warning starts. Without a code there is none. */
export function FlowFields({ path, title, flow, onChange }: FlowFieldsProps) {
  const { t } = useTranslation();
  const paramsError = useErrorAt(`${path}.params`);
  const set = <Name extends keyof Flow>(name: Name, value: Flow[Name] | undefined) => {
    const next = withField(flow ?? { code: '' }, name, value);
    onChange(Object.keys(next).length === 0 ? undefined : { ...next, code: next.code ?? '' });
  };
  return (
    <fieldset className="mt-3">
      <legend className="mb-1 text-sm font-semibold">{title}</legend>
      <div className="grid items-start gap-3 sm:grid-cols-2 lg:grid-cols-3">
        <TextAt
          path={`${path}.code`}
          label={t('flowCode')}
          placeholder="OCR_LIMIT"
          value={flow?.code}
          onChange={(code) =>
            code === undefined && flow && Object.keys(flow).length === 1
              ? onChange(undefined)
              : set('code', code)
          }
        />
        <TextAt
          path={`${path}.action`}
          label={t('flowAction')}
          placeholder="recharge-vip"
          value={flow?.action}
          onChange={(action) => set('action', action)}
        />
        <ParsedField<Flow['params']>
          label={t('flowParams')}
          hint="JSON"
          placeholder='{"days":7}'
          error={paramsError}
          value={flow?.params}
          format={(params) => (params === undefined ? '' : JSON.stringify(params))}
          parse={paramsOf}
          onChange={(params) => set('params', params)}
        />
        <div className="sm:col-span-2 lg:col-span-3">
          <TextAt
            path={`${path}.message`}
            label={t('flowMessage')}
            value={flow?.message}
            onChange={(message) => set('message', message)}
          />
        </div>
      </div>
    </fieldset>
  );
}

/** What is no JSON goes to the service as text: it says what is wrong with it. */
function paramsOf(text: string): Flow['params'] {
  if (text.trim() === '') return undefined;
  try {
    return JSON.parse(text) as Flow['params'];
  } catch {
    return text as never;
  }
}
