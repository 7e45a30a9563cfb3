//! What every page and every call of the API is given.

use crate::{
    Site,
    assets::Assets,
    face::Face,
    guard::rate::Limits,
    map::Map,
    outward::{
        figures::{Figures, Question},
        kept::Kept,
    },
    register::{Register, Snapshot},
};
use adapters::{
    album::Album,
    departments::queue::WorkTools,
    desk::Desk,
    geocode::Geocode,
    intake::{Doors, IntakeTools},
    staff::Staff,
    updates::UpdateTools,
};
use notifier::{choices::Choices, mine::Mine, verify::Verify, why::Whys, wishes::Wishes};
use schemas::{Date, report::Language};
use std::{ops::Deref, sync::Arc};
use tokio::sync::OnceCell;

/// The running site. Cheap to clone.
#[derive(Clone)]
pub struct App(Arc<Inner>);

/// See [`App`].
pub struct Inner {
    /// What the hub handed in.
    pub site: Site,
    /// Templates and texts.
    pub face: Face,
    /// Style sheet, fonts, icons.
    pub assets: Arc<Assets>,
    /// Who may ask how often.
    pub limits: Limits,
    /// Where reports come in.
    pub doors: Doors,
    /// What finds places.
    pub geocode: Geocode,
    /// Where departments fetch their work.
    pub work: WorkTools,
    /// Where departments answer.
    pub updates: UpdateTools,
    /// The accounts of people of the city.
    pub staff: Staff,
    /// Where people of the city take down what others tell.
    pub desk: Desk,
    /// What the map is drawn on.
    pub map: Map,
    register: Arc<Register>,
    figures: Kept,
    wishes: OnceCell<Wishes>,
    whys: OnceCell<Whys>,
    choices: OnceCell<Choices>,
    verify: OnceCell<Verify>,
}

impl Deref for App {
    type Target = Inner;
    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// The site, ready to answer.
    ///
    /// # Panics
    /// When an embedded template or text cannot be read; a test reads them all.
    pub fn new(site: Site) -> Self {
        let assets = Arc::new(Assets::of(&site.city));
        let register = Arc::new(Register::new(site.config.fresh));
        let face = Face::new(assets.clone(), &site.city.files)
            .expect("embedded templates and texts are read by a test, those of a city are checked first");
        let limits = Limits::new(site.config.rate);
        let Site { store, bus, city, config, .. } = site.clone();
        let geocode = config.geocode.unwrap_or_else(|| Geocode::of_lists(&city));
        let album = config.album.unwrap_or_else(|| Album::of_rows(&store));
        let tools = IntakeTools::new(store.clone(), city.clone()).finding(geocode.clone()).keeping(album);
        let tools = tools.with_room(config.intake.at_once);
        let tools = tools.guarded(config.intake.guard.clone());
        let doors = config.intake.build(&tools);
        let desk = Desk::new(&doors);
        let secrets = config.secrets;
        let clock = store.clock().clone();
        let work = WorkTools { store: store.clone(), bus, city: city.clone(), secrets: secrets.clone() };
        let staff = Staff::new(store.clone(), city.clone(), config.staff);
        let updates = UpdateTools { store, city, secrets, clock };
        Self(Arc::new(Inner {
            site,
            face,
            assets,
            limits,
            doors,
            geocode,
            work,
            updates,
            staff,
            desk,
            map: Map::default(),
            register,
            figures: Kept::default(),
            wishes: OnceCell::new(),
            whys: OnceCell::new(),
            choices: OnceCell::new(),
            verify: OnceCell::new(),
        }))
    }

    /// Every public case, as it is now.
    pub async fn register_now(&self) -> Result<Arc<Snapshot>, store::Error> {
        self.register.now(&self.site.store, &self.site.city).await
    }

    /// Every public case, a few seconds old at most.
    pub async fn register(&self) -> Result<Arc<Snapshot>, store::Error> {
        self.register.lately(&self.site.store, &self.site.city).await
    }

    /// What there is to count of the public cases.
    pub async fn figures(&self, question: &Question) -> Result<Figures, store::Error> {
        let snapshot = self.register().await?;
        Ok(self.figures.count(&snapshot, question, &self.site.city))
    }

    /// Where people say what they do not want to hear any more.
    pub async fn wishes(&self) -> Result<&Wishes, store::Error> {
        self.wishes.get_or_try_init(|| Wishes::open(&self.site.store, &self.site.city)).await
    }

    /// Where people read why they were told, and why not.
    pub async fn whys(&self) -> Result<&Whys, store::Error> {
        let available = self.site.config.senders.clone();
        self.whys.get_or_try_init(|| Whys::open(&self.site.store, &self.site.city, available)).await
    }

    /// Where people choose how they are told.
    pub async fn choices(&self) -> Result<&Choices, store::Error> {
        self.choices.get_or_try_init(|| Choices::open(&self.site.store, &self.site.city)).await
    }

    /// Where people prove that an address is theirs.
    pub async fn verify(&self) -> Result<&Verify, store::Error> {
        let available = self.site.config.senders.clone();
        self.verify.get_or_try_init(|| Verify::open(&self.site.store, &self.site.city, available)).await
    }

    /// What people chose about themselves.
    pub fn mine(&self) -> Mine {
        Mine::new(&self.site.store, &self.site.city)
    }

    /// The date today in the city.
    pub fn today(&self) -> Date {
        self.site.city.calendar.date(self.site.store.clock().now())
    }

    /// The languages the city serves, its own first.
    pub fn languages(&self) -> &[Language] {
        &self.site.city.languages
    }

    /// The city's own language.
    pub fn own_language(&self) -> Language {
        self.languages().first().copied().unwrap_or_default()
    }

    /// The language of the city that fits `Accept-Language` best (RFC 9110 §12.5.4), or its own.
    pub fn accepted(&self, header: Option<&str>) -> Language {
        let mut best: Option<(f32, Language)> = None;
        for entry in header.unwrap_or_default().split(',').take(20) {
            let mut parts = entry.split(';');
            let Some(language) = parts.next().and_then(|tag| Language::parse(tag.trim())) else { continue };
            let quality = parts
                .find_map(|p| p.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse::<f32>().ok().filter(|q| q.is_finite()).unwrap_or(0.0));
            if quality > 0.0 && self.languages().contains(&language) && best.is_none_or(|(q, _)| quality > q) {
                best = Some((quality, language));
            }
        }
        best.map_or(self.own_language(), |(_, language)| language)
    }
}
