import { Module } from '@nestjs/common';
import { OpenApiRegistry } from '../http/openapi/openapi-registry.js';
import { MetricsModule } from '../metrics/metrics.module.js';
import { RuleSetController } from './rule-set.controller.js';
import { LIST_RULES, REPLACE_RULES } from './rule-set.docs.js';
import { RulePreviewController } from './rule-preview.controller.js';
import { PREVIEW_RULE, TRY_RULE } from './rule-preview.docs.js';
import { RuleUseController } from './rule-use.controller.js';
import { RULE_USE } from './rule-use.docs.js';
import { RulesController } from './rules.controller.js';
import { CREATE_RULE, DELETE_RULE, PATCH_RULE, READ_RULE, REPLACE_RULE } from './rules.docs.js';

/** `/admin/rules`: rules are read and changed while the service runs. */
@Module({
  imports: [MetricsModule],
  controllers: [RuleSetController, RulePreviewController, RuleUseController, RulesController],
})
export class RulesModule {
  constructor(openApi: OpenApiRegistry) {
    openApi.add([LIST_RULES, REPLACE_RULES, PREVIEW_RULE, TRY_RULE, RULE_USE]);
    openApi.add([READ_RULE, CREATE_RULE, REPLACE_RULE, PATCH_RULE, DELETE_RULE]);
  }
}
