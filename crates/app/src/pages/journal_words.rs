//! What the journal's verbs, objects and fields are called before a reader. A test holds that every verb in the sources has
//! its words here.

use kernel::{Action, Actor, Lang, Subject, permits};

type Words = (&'static str, &'static str, &'static str);

/// Verb, in Chinese, in English; in the order of their slices.
pub(super) const VERBS: &[Words] = &[
    ("orgs.register", "登记单位", "organisation registered"),
    ("orgs.import_orgs", "批量导入单位", "organisations imported"),
    ("orgs.state_facts", "申报企业事实", "facts stated"),
    ("orgs.bring_facts_forward", "事实到期生效", "facts came into effect"),
    ("orgs.create_account", "建立账户", "account made"),
    ("orgs.reset_account", "重置账户密码", "account's password reset"),
    ("orgs.set_disabled", "停用或启用账户", "account disabled or enabled"),
    ("orgs.set_lang", "更改语言", "language changed"),
    ("orgs.change_password", "修改密码", "password changed"),
    ("orgs.change_password_failed", "修改密码未成功", "password not changed"),
    ("orgs.offer_totp", "准备启用动态口令", "one-time codes offered"),
    ("orgs.switch_totp", "启用或停用动态口令", "one-time codes switched"),
    ("orgs.create_token", "建立接口令牌", "API token made"),
    ("orgs.revoke_token", "撤销接口令牌", "API token revoked"),
    ("orgs.sign_in", "登录", "signed in"),
    ("orgs.sign_in_password", "密码验证通过，等待动态口令", "password right, one-time code awaited"),
    ("orgs.sign_in_failed", "登录未成功", "sign-in failed"),
    ("orgs.sign_in_code_failed", "动态口令错误", "one-time code wrong"),
    ("orgs.sign_out", "退出", "signed out"),
    ("orgs.touch", "会话延续", "session went on"),
    ("orgs.clear_ended_sessions", "清理过期会话", "ended sessions cleared"),
    ("policy.draft", "起草方案", "programme drafted"),
    ("policy.discard", "废弃方案草稿", "draft discarded"),
    ("policy.publish", "发布方案", "programme published"),
    ("policy.end", "结束方案", "programme ended"),
    ("policy.decide", "按规则作出决定", "decided by the rules"),
    ("alarms.comment", "报警备注", "alarm commented"),
    ("alarms.lapse", "报警搁置到期或升级", "shelves ended, alarms escalated"),
    ("alarms.publish_rule", "发布报警规则", "alarm rule published"),
    ("alarms.record", "记录报警变化", "alarms changed"),
    ("alarms.remove_contact", "删除报警联系人", "contact removed"),
    ("alarms.resend", "重新发送通知", "notice sent again"),
    ("alarms.retire_rule", "停用报警规则", "alarm rule retired"),
    ("alarms.save_contact", "添加报警联系人", "contact added"),
    ("alarms.save_rule", "保存报警规则", "alarm rule saved"),
    ("alarms.send", "发送报警通知", "notices sent"),
    ("alarms.test_contact", "试发通知", "contact tested"),
    ("devices.answer_command", "设备回复命令", "command answered"),
    ("devices.cancel_command", "取消命令", "command cancelled"),
    ("devices.command_sent", "命令已下发", "command sent"),
    ("devices.command_timed_out", "命令超时", "command timed out"),
    ("devices.connect", "接入设备", "machine connected"),
    ("devices.edit_device", "修改设备", "device changed"),
    ("devices.import_devices", "批量导入设备", "devices imported"),
    ("devices.issue_credential", "生成设备凭证", "credential issued"),
    ("devices.persist_counters", "记录设备计数", "counters written down"),
    ("devices.publish_model", "发布物模型", "thing model published"),
    ("devices.register_child", "网关登记子设备", "device registered by its gateway"),
    ("devices.register_device", "登记设备", "device registered"),
    ("devices.revoke_credential", "吊销设备凭证", "credential revoked"),
    ("devices.send_command", "下达命令", "command given"),
    ("devices.set_desired", "设定期望值", "desired value set"),
    ("devices.set_device_state", "启停设备", "device switched"),
    ("devices.watch_silence", "设备失联或恢复", "devices fell silent or spoke again"),
    ("usage.record_device_days", "汇总设备每日上报", "days of devices kept"),
    ("funds.appropriate", "登记资金下达", "appropriation recorded"),
    ("funds.allocate", "分配额度", "money allocated"),
    ("funds.pay-out", "登记银行付款", "bank payment recorded"),
    ("funds.repay", "登记银行收款", "bank receipt recorded"),
    ("vouchers.open-batch", "开设批次", "batch opened"),
    ("vouchers.batch-opens", "批次开始受理", "batch takes applications"),
    ("vouchers.assign-quota", "追加区额度", "district's quota raised"),
    ("vouchers.close-batch", "关闭批次", "batch closed"),
    ("vouchers.issue", "发放云惠券", "voucher issued"),
    ("vouchers.cancel", "作废云惠券", "voucher cancelled"),
    ("vouchers.freeze", "冻结云惠券", "voucher frozen"),
    ("vouchers.thaw", "解冻云惠券", "voucher unfrozen"),
    ("vouchers.expire", "云惠券或占用到期", "voucher or hold expired"),
    ("vouchers.reserve", "订单占用券额", "order holds money"),
    ("vouchers.release", "释放占用", "hold released"),
    ("vouchers.settle-hold", "占用转为应付", "hold settled"),
    ("catalogue.save_listing", "填写服务商名录资料", "listing saved"),
    ("catalogue.submit_listing", "提交入驻申请", "listing submitted"),
    ("catalogue.decide_listing", "审核入驻", "listing decided"),
    ("catalogue.raise_discount", "提高优惠承诺", "discount raised"),
    ("catalogue.save_service", "填写服务与价格", "service saved"),
    ("catalogue.withdraw_service", "下架服务", "service withdrawn"),
    ("casework.draft", "建立申请草稿", "application begun"),
    ("casework.save", "保存申请", "application saved"),
    ("casework.supplement", "补充材料或说明", "papers or answers added"),
    ("casework.take_out_material", "撤下材料", "paper taken out"),
    ("casework.submit", "提交申请", "application handed in"),
    ("casework.withdraw", "撤回申请", "application withdrawn"),
    ("casework.lapse", "逾期未补正，视为撤回", "not corrected in time"),
    ("casework.check", "形式审查", "formal check"),
    ("casework.return", "退回补正", "returned for correction"),
    ("casework.recommend", "区级推荐", "recommended"),
    ("casework.send_back", "退回区级", "sent back to the district"),
    ("casework.approve", "市级审核同意", "approved"),
    ("casework.reject", "不予支持", "rejected"),
    ("casework.publish_notice", "发布公示", "put on notice"),
    ("casework.object", "收到异议", "objection received"),
    ("casework.decide_objection", "异议结论", "objection decided"),
    ("casework.conclude", "公示期满，批准", "concluded"),
    ("casework.record_tie", "登记回避", "recusal recorded"),
    ("casework.end_tie", "解除回避", "recusal ended"),
    ("orders.place", "企业下单", "order placed"),
    ("orders.propose", "服务商提出订单", "order proposed"),
    ("orders.accept", "企业同意订单", "order accepted"),
    ("orders.confirm", "服务商确认订单", "order confirmed"),
    ("orders.decline", "拒绝订单", "order declined"),
    ("orders.cancel", "取消订单", "order cancelled"),
    ("orders.import", "批量导入订单", "orders imported"),
    ("orders.record_contract", "登记合同", "contract recorded"),
    ("orders.record_invoice", "登记发票", "invoice recorded"),
    ("orders.record_payment", "登记付款", "payment recorded"),
    ("orders.void_paper", "作废凭证", "paper voided"),
    ("orders.mark_settled", "订单兑付已核定", "order's settlement decided"),
    ("orders.close", "订单办结", "order closed"),
    ("usage.claim_account", "认领计费账号", "billing account claimed"),
    ("usage.confirm_account", "确认或拒绝计费账号", "billing account decided"),
    ("usage.import_begin", "开始导入账单", "bill import begun"),
    ("usage.import_checkpoint", "账单导入进度", "bill import went on"),
    ("usage.import_done", "账单导入完成", "bill imported"),
    ("usage.import_refused", "账单未导入", "bill refused"),
    ("usage.assess", "评定用云证据", "evidence assessed"),
    ("usage.assess_changed", "重新评定用云证据", "evidence assessed anew"),
    ("settlement.claim", "申请兑付", "settlement claimed"),
    ("settlement.decide", "核定兑付", "settlement decided"),
    ("settlement.pay", "登记拨付", "payment recorded"),
    ("settlement.recover", "追回决定", "recovery decided"),
    ("settlement.repay", "登记缴回", "repayment recorded"),
    ("settlement.review-correction", "复核账单更正", "correction reviewed"),
];

/// A verb in words; itself where it is not known, as rows of an older version may have it.
pub(super) fn verb(verb: &str, lang: Lang) -> &str {
    VERBS.iter().find(|w| w.0 == verb).map_or(verb, |w| lang.t(w.1, w.2))
}

/// Kind of object (what stands before its first slash), in words.
const OBJECTS: &[Words] = &[
    ("org", "单位", "organisation"),
    ("account", "账户", "account"),
    ("programme", "方案", "programme"),
    ("decision", "决定", "decision"),
    ("batch", "批次", "batch"),
    ("voucher", "云惠券", "voucher"),
    ("listing", "名录资料", "listing"),
    ("service", "服务", "service"),
    ("provider", "服务商", "provider"),
    ("case", "申请", "application"),
    ("tie", "回避", "recusal"),
    ("order", "订单", "order"),
    ("usage_account", "计费账号", "billing account"),
    ("usage_import", "账单导入", "bill import"),
    ("settlement", "兑付", "settlement"),
    ("correction", "账单更正", "correction"),
];

/// `case/cas_01…` as kind in words and id.
pub(super) fn object(object: &str, lang: Lang) -> (&str, &str) {
    let (kind, id) = object.split_once('/').unwrap_or(("", object));
    (OBJECTS.iter().find(|w| w.0 == kind).map_or(kind, |w| lang.t(w.1, w.2)), id)
}

/// The page of an object, where this reader may see such pages.
pub(super) fn page(object: &str, actor: &Actor) -> Option<String> {
    let (kind, id) = object.split_once('/')?;
    let is_account_of_money = id.contains(':') || id == "bank";
    let (action, href) = match kind {
        "org" | "provider" => (Action::ViewOrg, format!("/orgs/{id}")),
        "account" if is_account_of_money => (Action::ViewFunds, format!("/funds/accounts/{id}")),
        "account" => (Action::ManageAccounts, format!("/accounts/{id}")),
        "programme" => {
            let (id, version) = id.split_once('/')?;
            let query = serde_urlencoded::to_string([("version", version)]).ok()?;
            (Action::ReadPublic, format!("/programmes/{id}?{query}"))
        }
        "decision" => (Action::ViewDecision, format!("/decisions/{id}")),
        "batch" => (Action::ViewBatches, format!("/batches/{id}")),
        "voucher" => (Action::ViewVoucher, format!("/vouchers/{id}")),
        "listing" => (Action::SearchCatalogue, format!("/catalogue/providers/{id}")),
        "service" => (Action::SearchCatalogue, format!("/catalogue/services/{id}")),
        "case" => (Action::ViewWorkList, format!("/cases/{id}/review")),
        "order" => (Action::ViewOrder, format!("/orders/{id}")),
        "usage_import" => (Action::ViewImports, format!("/usage/imports/{id}")),
        "settlement" => (Action::ViewSettlement, format!("/settlements/{id}")),
        _ => return None,
    };
    permits(actor, action, &Subject::none()).then_some(href)
}

/// Which object a field's value names, by the field's name: `order_id` names `order/…`.
pub(super) fn named_by(field: &str, value: &str) -> Option<String> {
    let kind = match field {
        "org_id" | "enterprise_id" | "provider_id" => "org",
        "decision_id" => "decision",
        "batch_id" => "batch",
        "voucher_id" => "voucher",
        "case_id" => "case",
        "order_id" => "order",
        "claim_id" => "settlement",
        "import_id" => "usage_import",
        _ => return None,
    };
    Some(format!("{kind}/{value}"))
}

/// Field, in words. What is not here is shown by its own name.
const FIELDS: &[Words] = &[
    ("id", "编号", "id"),
    ("number", "业务编号", "number"),
    ("state", "状态", "state"),
    ("version", "版本", "version"),
    ("round", "轮次", "round"),
    ("due_on", "时限", "due on"),
    ("district", "所在区", "district"),
    ("name", "名称", "name"),
    ("kind", "类型", "kind"),
    ("uscc", "统一社会信用代码", "credit code"),
    ("reason", "理由", "reason"),
    ("remark", "说明", "remark"),
    ("opinion", "意见", "opinion"),
    ("answers", "审查意见", "findings"),
    ("passed", "是否符合", "holds"),
    ("item", "事项", "item"),
    ("form", "申请表", "form"),
    ("sub_items", "拟购云服务", "services"),
    ("undertakings", "承诺", "undertakings"),
    ("contract_fen", "预计合同金额", "contract amount"),
    ("amount_fen", "金额", "amount"),
    ("amount", "金额", "amount"),
    ("face_fen", "面额", "face value"),
    ("returned_fen", "已退回", "returned"),
    ("settled_fen", "已核销", "settled"),
    ("gross_fen", "应付合计", "owed in all"),
    ("set_off_fen", "抵扣追回款", "kept for recoveries"),
    ("paid_fen", "银行实付", "paid by the bank"),
    ("receivable_fen", "应缴回", "to pay back"),
    ("list_fen", "目录金额", "list amount"),
    ("platform_share_fen", "平台优惠", "platform's share"),
    ("public_share_fen", "政府补贴", "public share"),
    ("own_share_fen", "企业自付", "own share"),
    ("eligible_paid_fen", "合规已付金额", "eligible paid amount"),
    ("quota_fen", "额度", "quota"),
    ("available", "可用", "available"),
    ("held", "占用", "held"),
    ("org_id", "单位", "organisation"),
    ("enterprise_id", "企业", "enterprise"),
    ("provider_id", "服务商", "provider"),
    ("order_id", "订单", "order"),
    ("order_number", "订单编号", "order's number"),
    ("case_id", "申请", "application"),
    ("claim_id", "兑付", "settlement"),
    ("voucher_id", "云惠券", "voucher"),
    ("batch_id", "批次", "batch"),
    ("decision_id", "决定", "decision"),
    ("programme_id", "方案", "programme"),
    ("programme_version", "方案版本", "programme's version"),
    ("instrument_id", "支持方式", "instrument"),
    ("service_id", "服务", "service"),
    ("import_id", "账单导入", "bill import"),
    ("eligible", "是否符合", "eligible"),
    ("level", "证据等级", "level of evidence"),
    ("level_reason", "等级理由", "why this level"),
    ("reference", "依据", "reference"),
    ("bank_reference", "银行流水号", "bank reference"),
    ("paid_on", "拨付日期", "paid on"),
    ("received_on", "到账日期", "received on"),
    ("issued_on", "发放日期", "issued on"),
    ("expires_on", "到期日", "expires on"),
    ("starts_on", "起", "first day"),
    ("ends_on", "止", "last day"),
    ("applies_from", "适用起", "applies from"),
    ("supersedes", "取代版本", "takes the place of"),
    ("cases", "预期决定", "expected decisions"),
    ("notice_ends_on", "公示止", "notice until"),
    ("claimed_on", "申请日期", "claimed on"),
    ("made_on", "作出日期", "made on"),
    ("sha256", "文本摘要", "hash"),
    ("bytes_sha256", "决定摘要", "decision's hash"),
    ("file_name", "文件", "file"),
    ("size_bytes", "字节数", "bytes"),
    ("document", "文件", "document"),
    ("materials", "材料", "papers"),
    ("evidence", "凭证", "evidence"),
    ("code", "代码", "code"),
    ("role", "角色", "role"),
    ("login", "登录名", "login"),
    ("person_name", "姓名", "name"),
    ("disabled", "停用", "disabled"),
    ("simulated", "模拟数据", "simulated"),
    ("title", "名称", "title"),
    ("note", "说明", "note"),
    ("made_by", "经办账户", "by account"),
    ("provider_name", "服务商名称", "provider's name"),
    ("transfer_id", "账务流水", "transfer"),
    ("claims", "兑付件数", "claims"),
];

/// The path of a field, its parts in words: `form.contract_fen` is 申请表 · 预计合同金额.
pub(super) fn field(path: &str, lang: Lang) -> String {
    let part = |p: &str| FIELDS.iter().find(|w| w.0 == p).map_or_else(|| p.to_owned(), |w| lang.t(w.1, w.2).to_owned());
    path.split('.').filter(|p| !p.is_empty()).map(part).collect::<Vec<_>>().join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    fn sources(folder: &Path, out: &mut Vec<PathBuf>) {
        for entry in std::fs::read_dir(folder).unwrap().flatten() {
            let path = entry.path();
            if path.is_dir() {
                sources(&path, out);
            } else if path.extension().is_some_and(|e| e == "rs") {
                out.push(path);
            }
        }
    }

    /// Literals of the form of a verb, `slice.name`, in the sources of the slices that write journal rows.
    fn verbs_in_sources() -> BTreeSet<String> {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../slices");
        let mut files = Vec::new();
        for slice in std::fs::read_dir(root).unwrap().flatten() {
            sources(&slice.path().join("src"), &mut files);
        }
        let mut found = BTreeSet::new();
        for file in files {
            let text = std::fs::read_to_string(&file).unwrap();
            // Only files that write rows: others may name a verb to read it.
            let Some(_) = text.find(".journal(") else { continue };
            for literal in text.split('"').skip(1).step_by(2) {
                let Some((slice, name)) = literal.split_once('.') else { continue };
                let plain = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_lowercase() || b"_-".contains(&b));
                let is_slice = file.to_string_lossy().contains(&format!("/slices/{slice}/src/"));
                if is_slice && plain(slice) && plain(name) {
                    found.insert(literal.to_owned());
                }
            }
        }
        found
    }

    #[test]
    fn every_verb_in_the_sources_has_words_and_no_other_has() {
        let found = verbs_in_sources();
        assert!(found.len() > 60, "{found:?}");
        let known: BTreeSet<String> = VERBS.iter().map(|w| w.0.to_owned()).collect();
        assert_eq!(known.len(), VERBS.len(), "a verb stands twice");
        let without: Vec<_> = found.difference(&known).collect();
        assert!(without.is_empty(), "verbs without words: {without:?}");
        let unused: Vec<_> = known.difference(&found).collect();
        assert!(unused.is_empty(), "words of verbs that nothing writes: {unused:?}");
        assert!(VERBS.iter().all(|w| !w.1.is_ascii() && w.2.is_ascii()), "both languages");
    }

    #[test]
    fn objects_lead_to_their_pages_for_those_who_may_see_them() {
        let auditor = testkit::auditor();
        assert_eq!(page("case/cas_1", &auditor).as_deref(), Some("/cases/cas_1/review"));
        assert_eq!(page("programme/p/1.0.0+a", &auditor).as_deref(), Some("/programmes/p?version=1.0.0%2Ba"));
        assert_eq!(page("account/payable:org_1", &auditor).as_deref(), Some("/funds/accounts/payable:org_1"));
        assert_eq!(page("account/acc_1", &auditor), None, "accounts are the administrator's");
        assert_eq!(object("order/ord_1", Lang::Zh), ("订单", "ord_1"));
        assert_eq!(field("form.contract_fen", Lang::Zh), "申请表 · 预计合同金额");
    }
}
