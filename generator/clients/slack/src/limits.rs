//! What Slack takes at most. The numbers are those of `@slack/types` and of Slack's own pages.

/// Blocks in a message.
pub(crate) const MESSAGE_BLOCKS: usize = 50;
/// Blocks in a modal or a Home tab.
pub(crate) const VIEW_BLOCKS: usize = 100;
/// Characters of a section's text.
pub(crate) const SECTION: usize = 3000;
/// Characters of one of a section's fields.
pub(crate) const FIELD: usize = 2000;
/// Fields in a section.
pub(crate) const FIELDS: usize = 10;
/// Elements in a context block.
pub(crate) const CONTEXT: usize = 10;
/// Elements in an actions block.
pub(crate) const ACTIONS: usize = 25;
/// Options of a select.
pub(crate) const OPTIONS: usize = 100;
/// Characters of the text that notifications show.
pub(crate) const FALLBACK: usize = 3000;
/// Characters of a button's value.
pub(crate) const BUTTON_VALUE: usize = 2000;
/// Characters of an option's value.
pub(crate) const OPTION_VALUE: usize = 150;
/// Characters of a view's private metadata.
pub(crate) const METADATA: usize = 3000;
