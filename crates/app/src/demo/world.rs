//! The simulated region: its people, firms, clock, and what is still to happen.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Result, anyhow};
use indicatif::ProgressBar;
use jiff::Span;
use jiff::civil::Date;
use kernel::{Actor, Calendar, Fen, IdSource, Lang, ManualClock, Role, Uscc};
use store::{BoxFuture, Cx, Refusal, StoreError};
use web::AppState;

use super::scenario::{Persona, Scenario};

/// Something that happens on a day, to the enterprise or provider of that number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// Registers and states its facts.
    Register(usize),
    /// Applies for a voucher.
    Apply(usize),
    /// The district checks it.
    Check(usize),
    /// The enterprise corrects.
    Correct(usize),
    /// The district recommends it.
    Recommend(usize),
    /// An officer of the city approves; the number tells the two apart.
    Approve(usize, usize),
    /// It is put on notice.
    Notice(usize),
    /// Somebody objects.
    Object(usize),
    /// The objection is dismissed.
    Dismiss(usize),
    /// It orders.
    Order(usize),
    /// The provider confirms, or declines once.
    Confirm(usize),
    /// Contract and invoice are recorded.
    Papers(usize),
    /// Its payment is recorded.
    Pay(usize),
    /// Its billing account is claimed and confirmed.
    Account(usize),
    /// Last month's bills arrive.
    Bills(usize),
    /// A bill is corrected late.
    CorrectedBill(usize),
    /// The provider claims settlement.
    Claim(usize),
    /// The city decides the claim.
    Decide(usize),
    /// The provider is paid what it is owed.
    PayOut(usize),
}

/// A simulated enterprise.
#[derive(Clone, Debug)]
pub struct Firm {
    /// Its name, marked as simulated.
    pub name: String,
    /// Its code.
    pub uscc: Uscc,
    /// Its district.
    pub district: &'static str,
    /// Its industry.
    pub industry: String,
    /// Its staff.
    pub staff: i64,
    /// Its revenue.
    pub revenue: Fen,
    /// What it does.
    pub persona: Persona,
    /// Once registered.
    pub actor: Option<Actor>,
    /// Once applied.
    pub case_id: String,
    /// Once ordered.
    pub order: Option<Bought>,
    /// How often something was tried.
    pub tries: u32,
    /// When it applies, where the story needs a certain day.
    pub applies_on: Option<Date>,
}

/// What a firm bought.
#[derive(Clone, Debug)]
pub struct Bought {
    /// The order.
    pub id: String,
    /// Number of its provider.
    pub provider: usize,
    /// Number of the provider's service.
    pub service: usize,
    /// What it costs after the discount, for all months.
    pub contract: Fen,
    /// What the enterprise pays of it.
    pub own: Fen,
    /// First day.
    pub starts_on: Date,
    /// For how long.
    pub months: i64,
}

/// A simulated provider.
#[derive(Clone, Debug)]
pub struct Provider {
    /// Who acts for it.
    pub actor: Actor,
    /// Its code.
    pub uscc: Uscc,
    /// Its services' ids.
    pub services: Vec<String>,
}

/// Everything.
pub struct World {
    /// The application.
    pub app: AppState,
    /// Set day by day.
    pub clock: Arc<ManualClock>,
    /// Every draw.
    pub random: IdSource,
    /// What is told.
    pub story: Scenario,
    /// Two officers of the city.
    pub city: Vec<Actor>,
    /// An officer of each district.
    pub districts: BTreeMap<&'static str, Actor>,
    /// The providers.
    pub providers: Vec<Provider>,
    /// The enterprises.
    pub firms: Vec<Firm>,
    /// The batches' ids, by their first day.
    pub batches: Vec<(Date, Date, String)>,
    /// What is still to happen.
    pub queue: BTreeMap<Date, Vec<Event>>,
    /// Has a bill been chosen that is corrected late?
    pub will_correct: bool,
    /// Refusals met, by name: the story wants them.
    pub refusals: BTreeMap<String, u64>,
    /// Progress.
    pub bar: ProgressBar,
}

impl World {
    /// Today.
    pub fn today(&self) -> Date {
        kernel::beijing_date(kernel::Clock::now(&*self.clock))
    }

    /// Working days.
    pub fn calendar(&self) -> &Calendar {
        &self.app.calendar
    }

    /// Sets the clock: `minute` of the working day that begins at nine.
    pub fn at_minute(&self, day: Date, minute: i64) {
        let at = kernel::beijing_midnight(day).checked_add(Span::new().hours(9).minutes(minute)).expect("in range");
        self.clock.set(at);
    }

    /// Plans an event so many working days from today.
    pub fn later(&mut self, workdays: u32, event: Event) {
        let day = self.calendar().add_workdays(self.today(), workdays);
        self.queue.entry(day).or_default().push(event);
    }

    /// Plans an event on a day, or tomorrow if that is past.
    pub fn on(&mut self, day: Date, event: Event) {
        let earliest = self.today().tomorrow().expect("in range");
        self.queue.entry(day.max(earliest)).or_default().push(event);
    }

    /// A number below `n`.
    pub fn draw(&mut self, n: usize) -> usize {
        self.random.below(n as u64) as usize
    }

    /// Runs a use case as somebody. A failure of the records ends the replay.
    pub async fn act<T, E, F>(&self, who: &Actor, f: F) -> Result<T, E>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Refusal + From<StoreError>,
    {
        self.app.db.write(who, "demo", f).await
    }

    /// A use case that the story does not expect to be refused.
    pub async fn must<T, E, F>(&self, who: &Actor, f: F) -> Result<T>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Refusal + From<StoreError>,
    {
        let today = self.today();
        self.act(who, f).await.map_err(|e| anyhow!("{today} {}: {} ({})", who.name, e.message(Lang::En), e.code()))
    }

    /// Counts a refusal that the story expects; a fault of the records is passed on.
    pub fn refused(&mut self, e: &impl Refusal) -> Result<()> {
        if e.status() >= 500 {
            return Err(anyhow!("{}: {} ({e:?})", e.code(), e.message(Lang::En)));
        }
        *self.refusals.entry(e.code().to_owned()).or_default() += 1;
        Ok(())
    }

    /// Who speaks for a firm.
    pub fn owner(&self, firm: usize) -> Result<Actor> {
        self.firms[firm].actor.clone().ok_or_else(|| anyhow!("{} is not registered", self.firms[firm].name))
    }

    /// The officer of a firm's district.
    pub fn officer(&self, firm: usize) -> Actor {
        self.districts[self.firms[firm].district].clone()
    }
}

/// An actor as an account of this role would be.
pub fn actor(user_id: String, name: &str, role: Role, org_id: Option<String>, district: Option<&str>) -> Actor {
    Actor { user_id, name: name.to_owned(), role, org_id, district: district.map(Into::into) }
}
