//! `/cases/{id}/materials`: the papers of an application and the answers to defects; and each paper, to whoever may read the
//! case.

use askama::Template;
use axum::extract::Path;
use axum::http::header;
use axum::response::{IntoResponse, Response};
use store::{DocumentKind, StoreError};
use web::{AppError, Ctx, FieldError, Form, FormData, Html, Page};

use crate::model::{DefectAnswer, Document, MaterialKind};
use crate::store::Defect;
use crate::supplement::{self, NewMaterial, SupplementError};
use crate::view::{self, Progress, ViewError};

/// What a file may be, for the browser's own choice; the content decides.
const ACCEPT: &str = ".pdf,.ofd,.png,.jpg,.jpeg,.xlsx";

#[derive(Template)]
#[template(path = "casework/materials.html")]
struct Show {
    p: Page,
    f: Form,
    seen: Progress,
    max_bytes: u64,
}

impl Show {
    fn at(&self) -> String {
        format!("/cases/{}/materials", self.seen.case.id)
    }
    fn accept(&self) -> &'static str {
        ACCEPT
    }
    fn list(&self) -> Html {
        super::material_list(&self.p, &self.seen.case, &self.seen.materials, Some(&self.f))
    }
    /// A defect with its heading, a box for an answer and a file.
    fn defect(&self, d: &Defect) -> Html {
        let (p, f) = (&self.p, &self.f);
        let answer = format!("answer_{}", d.item);
        let before = self.seen.replies.iter().find(|r| r.item == d.item).map_or("", |r| r.answer.as_str());
        let kept = if f.value(&answer).is_empty() { f.clone().with(&answer, before) } else { f.clone() };
        let words = kept.textarea(&answer).label(p.t("说明如何补正", "How it is corrected")).optional();
        let label = p.t("附件", "A file for it");
        let file = f.file(&format!("file_{}", d.item), ACCEPT, self.max_bytes).label(label).optional();
        let said = super::defects(p, std::slice::from_ref(d), &[]);
        Html(format!("<div class=\"panel\">{said}{words}{file}</div>"))
    }
}

async fn page(ctx: &Ctx, id: &str, f: Form) -> Result<Response, AppError> {
    let id = id.to_owned();
    let seen = ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::progress(cx, &id).await })).await?;
    let case = &seen.case;
    if !case.state.is_editable() {
        return Ok(ctx.redirect(&format!("/cases/{}", case.id)));
    }
    let title = format!("{}{}", f.title_prefix(), ctx.t("材料与补正说明", "Papers and answers"));
    let p = ctx
        .page(&title)
        .crumb("/cases", ctx.t("我的申请", "My applications"))
        .crumb(&format!("/cases/{}", case.id), case.number.as_deref().unwrap_or(ctx.t("草稿", "Draft")));
    ctx.render(&Show { p, f, max_bytes: ctx.app.blobs.max_bytes(), seen })
}

pub(crate) async fn get(ctx: Ctx, Path(id): Path<String>) -> Result<Response, AppError> {
    page(&ctx, &id, Form::new(&ctx)).await
}

/// Keeps a document on disk, off the threads that answer. Its refusals are the file field's.
async fn keep(ctx: &Ctx, data: &FormData, field: &str) -> Result<Option<Document>, FieldError> {
    let wrong = |message: String| FieldError { field: field.to_owned(), message };
    let Some(upload) = data.upload(field) else { return Ok(None) };
    let (blobs, name, path) = (ctx.app.blobs.clone(), upload.file_name.clone(), upload.path.to_path_buf());
    let (found_bytes, max_bytes) = (upload.size_bytes, blobs.max_bytes());
    if found_bytes > max_bytes {
        return Err(wrong(store::BlobError::TooLarge { found_bytes, max_bytes }.message(ctx.lang)));
    }
    let kept = tokio::task::spawn_blocking(move || {
        let bytes = std::fs::read(path)?;
        blobs.put(&name, &bytes).map(|blob| Document::of(&name, blob))
    });
    match kept.await {
        Ok(Ok(document)) => Ok(Some(document)),
        Ok(Err(e)) => Err(wrong(e.message(ctx.lang))),
        Err(_) => Err(wrong(ctx.t("文件未能保存，请重试", "The file was not kept; try again").to_owned())),
    }
}

pub(crate) async fn post(ctx: Ctx, Path(id): Path<String>, data: FormData) -> Result<Response, AppError> {
    // Nothing is kept on disk for somebody whose application this is not.
    let wanted = id.clone();
    let seen =
        ctx.read::<_, ViewError, _>(move |cx| Box::pin(async move { view::progress(cx, &wanted).await })).await?;
    let subject = kernel::Subject::org_in(&seen.case.org_id, &seen.case.district);
    if !ctx.may(kernel::Action::DraftCase, &subject) {
        return Err(AppError::forbidden());
    }
    let note = data.get("note_other").to_owned();
    let mut files = vec![
        ("file_licence".to_owned(), MaterialKind::Licence, String::new(), String::new()),
        ("file_other".to_owned(), MaterialKind::Other, String::new(), note),
    ];
    let per_defect = |d: &Defect| (format!("file_{}", d.item), MaterialKind::Correction, d.item.clone(), String::new());
    files.extend(seen.defects.iter().map(per_defect));
    let (mut materials, mut errors) = (Vec::new(), Vec::new());
    for (field, kind, item, note) in files {
        match keep(&ctx, &data, &field).await {
            Ok(Some(document)) => materials.push(NewMaterial { kind, item, note, document }),
            Ok(None) => {}
            Err(e) => errors.push(e),
        }
    }
    if !errors.is_empty() {
        return page(&ctx, &id, Form::again(&ctx, &data, errors)).await;
    }
    let said =
        |d: &Defect| DefectAnswer { item: d.item.clone(), answer: data.get(&format!("answer_{}", d.item)).to_owned() };
    let changed =
        |a: &DefectAnswer| a.answer != seen.replies.iter().find(|r| r.item == a.item).map_or("", |r| r.answer.as_str());
    let answers: Vec<DefectAnswer> = seen.defects.iter().map(said).filter(changed).collect();
    let cmd = supplement::Supplement { case_id: id.clone(), answers, materials };
    let done =
        ctx.submit::<_, SupplementError, _>(&data, move |cx| Box::pin(async move { supplement::run(cx, cmd).await }));
    match done.await {
        Ok(_) => Ok(ctx.redirect_saying(
            &format!("/cases/{id}/materials"),
            ctx.t("已保存。提交申请后办理人员可查看。", "Saved. Officers see it once you hand in."),
        )),
        Err(e) => {
            let (status, errors) = super::mendable(e, ctx.lang, &format!("/cases/{id}/materials"))?;
            let mut response = page(&ctx, &id, Form::again(&ctx, &data, errors)).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}

pub(crate) async fn take_out(
    ctx: Ctx,
    Path((id, material_id)): Path<(String, String)>,
    data: FormData,
) -> Result<Response, AppError> {
    let cmd = supplement::TakeOut { case_id: id.clone(), material_id };
    let done = ctx
        .submit::<_, SupplementError, _>(&data, move |cx| Box::pin(async move { supplement::take_out(cx, cmd).await }));
    match done.await {
        Ok(_) => {
            Ok(ctx.redirect_saying(&format!("/cases/{id}/materials"), ctx.t("材料已撤下。", "The paper is taken out.")))
        }
        Err(e) => {
            let (status, errors) = super::mendable(e, ctx.lang, &format!("/cases/{id}/materials"))?;
            let mut response = page(&ctx, &id, Form::again(&ctx, &data, errors)).await?;
            *response.status_mut() = status;
            Ok(response)
        }
    }
}

/// What the browser is told it gets; a ZIP package is named by its file name.
fn mime(d: &Document) -> &'static str {
    match (d.kind, d.file_name.rsplit('.').next().unwrap_or("").to_ascii_lowercase().as_str()) {
        (DocumentKind::Zip, "ofd") => "application/ofd",
        (DocumentKind::Zip, "xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        (kind, _) => kind.mime(),
    }
}

/// RFC 6266: a plain name for old programs, the true one in UTF-8 beside it.
fn disposition(file_name: &str) -> String {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    let plain: String = file_name.chars().map(|c| if safe(c) { c } else { '_' }).collect();
    let byte = |b: u8| if safe(b as char) { (b as char).to_string() } else { format!("%{b:02X}") };
    let encoded: String = file_name.bytes().map(byte).collect();
    format!("attachment; filename=\"{plain}\"; filename*=UTF-8''{encoded}")
}

pub(crate) async fn document(ctx: Ctx, Path((id, material)): Path<(String, String)>) -> Result<Response, AppError> {
    let found = ctx
        .read::<_, ViewError, _>(|cx| Box::pin(async move { view::material(cx, &id, &material).await }))
        .await?
        .document;
    let (blobs, wanted) = (ctx.app.blobs.clone(), found.sha256.clone());
    let read = tokio::task::spawn_blocking(move || blobs.get(&wanted)).await.map_err(|_| StoreError::Panicked)?;
    let bytes = read.map_err(|e| StoreError::io("reading a document", e))?;
    let bytes = bytes.ok_or_else(|| StoreError::Missing(format!("document {} on disk", found.sha256)))?;
    let heads = [
        (header::CONTENT_TYPE, mime(&found).to_owned()),
        (header::CONTENT_DISPOSITION, disposition(&found.file_name)),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (header::CACHE_CONTROL, "private, no-store".to_owned()),
    ];
    Ok((heads, bytes).into_response())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_break_out_of_its_header() {
        let d = disposition("执照\"\r\nX: y.pdf");
        assert!(!d.contains(['\r', '\n']) && d.matches('"').count() == 2, "{d}");
        assert!(d.contains("filename*=UTF-8''%E6%89%A7%E7%85%A7%22%0D%0AX%3A%20y.pdf"), "{d}");
    }
}
