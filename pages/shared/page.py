"""A page is one object in one file of `pages/`; the app iterates over what it finds there."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

import streamlit as st

import pages
from pages.shared import state, ui, views, visitor
from strec.errors import StrecError
from strec.store import Store

#: What a page leads to: the words on the button, and the page's name in the address.
NextStep = tuple[str, str]


@dataclass(frozen=True)
class Page:
    """All that the app knows of a page: navigation, sidebar and tour read it here.

    Parameters
    ----------
    title : str
        Its name in the navigation.
    icon : str
        A Material symbol.
    order : int
        Where it stands in the navigation and in the tour.
    content : callable
        Shows the page below its heading, and returns where to go next, if anywhere.
    url : str
        Its name in the address; the page named ``""`` is the first.
    heading, question : str
        What stands on top of it: a title, and what it answers; ``{item}`` is what an item is
        called in the data set in use, ``{who}`` what a person chooses: nobody may be named in it.
        Without a heading it has a top of its own.
    method : str
        The file of `pages/methods` that tells how the page comes to its figures.
    tour : str or callable
        What the guided tour says about it, or a function that returns it; without, the tour
        leaves it out.
    beforehand : callable, optional
        For a data set, a function that works out what the page shows first, in a thread without
        a visitor: the tour has it done before the page is reached.
    has_filters : bool
        Whether the sidebar offers the filters here.
    follows : tuple of str
        Of a page without these filters: which fields of what was chosen in pictures it follows.
    has_pins : bool
        Whether its pictures can be pinned for a report: not where they show single people.
    needs_rows : bool
        Whether it reads whole check-ins: a table that is counted where it is has to be copied.
    """

    title: str
    icon: str
    order: int
    content: Callable[[], NextStep | None]
    url: str
    heading: str = ""
    question: str = ""
    method: str = ""
    tour: str | Callable[[], str] = ""
    beforehand: Callable[[Store], Callable[[], object]] | None = None
    has_filters: bool = False
    follows: tuple[str, ...] = ()
    has_pins: bool = True
    needs_rows: bool = False

    def run(self) -> None:
        """Show the page; what it lacks is said in words, and the data set stays."""
        state.PAGE.value = self.url if self.has_pins else None
        if self.heading:
            who = (
                "where from and when" if ui.current_store().is_anonymous else "who, when and where"
            )
            with st.container(key="page_head"):
                st.title(self.heading, anchor=False)
                st.markdown(f":gray[{self.question.format(item=ui.item_word(), who=who)}]")
        following = None
        brought = views.bring_back(self.url)
        try:
            is_out_of_reach = self.needs_rows and ui.current_store().is_elsewhere
            following = needs_copy() if is_out_of_reach else self.content()
        except StrecError as error:
            ui.say(error)
        except ui.Instead as other:
            other.show()
        except Exception:
            if brought is None:
                raise
            # A file may say what no widget offers: the page is shown as it is without.
            views.let_go(brought)
            st.rerun()
        views.note(self.url)
        if self.method:
            ui.how_it_works(self.method)
        if following is not None:
            label, url = following
            st.divider()
            icon = ":material/arrow_forward:"
            if st.button(label, type="primary", icon=icon, key=f"next_{url}"):
                go_to(url)

    def tour_words(self) -> str:
        """Return what the guided tour says about the page, for the data set in use."""
        return self.tour() if callable(self.tour) else self.tour

    def entry(self) -> st.Page:
        """Return the page as Streamlit's navigation takes it."""
        icon = f":material/{self.icon}:"
        return st.Page(
            self.run, title=self.title, icon=icon, url_path=self.url, default=not self.url
        )


def needs_copy() -> None:
    """Say that a page reads whole check-ins, and offer to copy the table."""
    store = ui.current_store()
    st.info(
        f"This page reads whole check-ins, and **{ui.plain(store.name)}** is counted where it is, "
        "by its database: here a copy is needed. Data, Time, Space and Demand show all of it "
        "without.",
        icon=":material/database:",
    )
    copy_button()


def copy_button() -> None:
    """Offer to copy the table in use, to those who may open files of the server."""
    if not visitor.may_open_files():
        st.caption("Whoever runs this server can copy it: `strec clean ADDRESS --table … --out …`.")
        return
    if st.button("Copy it, and use the copy", key="copy_table", icon=":material/content_copy:"):
        state.COPY_WANTED.value = True
        go_to("data")
    st.caption(
        "Every row is fetched once, read and cleaned like a file, and kept with your data sets; "
        "the table stays as it is."
    )


@cache
def all_pages() -> dict[str, Page]:
    """Return the pages by their name in the address, in their order."""
    modules = [import_module(f"pages.{each.name}") for each in iter_modules(pages.__path__)
               if not each.ispkg]  # fmt: skip
    found = [each for module in modules for each in vars(module).values() if isinstance(each, Page)]
    return {page.url: page for page in sorted(found, key=lambda page: page.order)}


def go_to(url: str) -> None:
    """Switch to the page with this name in the address."""
    st.switch_page(all_pages()[url].entry())
